import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export interface CommandEnd {
  /** Exit status; null if a signal ended it. */
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** The most memory that it had, with that of its threads. */
  readonly memoryMaxBytes: number
}

interface CommandOptions {
  readonly cwd?: string
  /** What comes in on the standard input: bytes, or what a command of the shell writes; nothing if left out. */
  readonly input?: Uint8Array | { readonly shell: string }
}

export interface LogRecord {
  readonly file: string
  readonly line: number
  readonly offset: number
  readonly length: number
  readonly patterns: readonly string[]
  readonly level: string
  readonly time: string | null
  readonly group: string
  readonly text: string
  readonly truncated?: true
  readonly before?: readonly string[]
  readonly after?: readonly string[]
}

const root = resolve(import.meta.dirname, '../..')
/** The command as it was built. */
export const logscanFile = join(root, 'dist/logscan/logscan.js')
const lookEveryMs = 25

/** Runs the command to its end. */
export function logscan(args: readonly string[], { cwd = root, input }: CommandOptions = {}): Promise<CommandEnd> {
  const command = [process.execPath, logscanFile, ...args]
  // The shell becomes the command, so that its memory can be looked at.
  const shell = input !== undefined && 'shell' in input ? [`exec "$@" < <(${input.shell})`, 'bash', ...command] : null
  const child =
    shell === null ? spawn(command[0]!, command.slice(1), { cwd }) : spawn('bash', ['-c', ...shell], { cwd })
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => err.push(bytes))
  child.stdin.on('error', () => {})
  child.stdin.end(input instanceof Uint8Array ? input : undefined)
  let memoryMaxBytes = 0
  const timer = setInterval(() => {
    memoryMaxBytes = Math.max(memoryMaxBytes, memoryMaxOf(child.pid))
  }, lookEveryMs)
  return new Promise((ended, failed) => {
    child.on('error', failed)
    child.on('close', (code) => {
      clearInterval(timer)
      ended({ code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString(), memoryMaxBytes })
    })
  })
}

/** Runs lines of the shell in which `logscan` is the command. */
export function shell(lines: string, { cwd = root }: { readonly cwd?: string } = {}): Promise<CommandEnd> {
  const child = spawn('bash', ['-c', `logscan() { ${process.execPath} ${logscanFile} "$@"; }\n${lines}`], { cwd })
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => err.push(bytes))
  return new Promise((ended, failed) => {
    child.on('error', failed)
    child.on('close', (code) =>
      ended({ code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString(), memoryMaxBytes: 0 }),
    )
  })
}

/** The most memory that a process had so far, in bytes; 0 if it is not there. */
export function memoryMaxOf(pid: number | undefined): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kilobytes ?? 0) * 1024
  } catch {
    return 0
  }
}

export function recordsOf(out: string): LogRecord[] {
  return out
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogRecord)
}

/** A folder for a test's files; disposing deletes it. */
export async function createLogFolder() {
  const path = await mkdtemp(join(tmpdir(), 'xm-logscan-'))
  return {
    path,
    async write(name: string, contents: string | Uint8Array): Promise<string> {
      await writeFile(join(path, name), contents)
      return join(path, name)
    },
    file: (name: string) => join(path, name),
    read: (name: string) => readFile(join(path, name)),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

export type LogFolder = Awaited<ReturnType<typeof createLogFolder>>
