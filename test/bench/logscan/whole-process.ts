import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { devNull } from 'node:os'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** Exit codes of a run that went well; grep and ripgrep tell by 1 that nothing matched. */
  readonly okCodes: readonly number[]
}

/** One run, from before the start to the end of the process. */
export interface Run {
  readonly wallMs: number
  /** User and system time of the process and its threads, to 10 ms; null where there is no /proc. */
  readonly cpuMs: number | null
  readonly output: string
}

/**
 * Runs the command. Its output is read through a pipe, or goes to /dev/null where it is not kept. Counts must be kept:
 * GNU grep sees that it writes to /dev/null, and stops at the first hit.
 */
export async function runWhole(command: Command, { keepOutput }: { keepOutput: boolean }): Promise<Run> {
  const sink = keepOutput ? null : openSync(devNull, 'w')
  const cpuBeforeMs = reapedCpuMs()
  const startedMs = performance.now()
  const child = spawn(command.file, command.args, {
    // ripgrep's and grep's own variables, and a locale, would make other programs of them.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, LC_ALL: 'C' },
    stdio: ['ignore', sink ?? 'pipe', 'pipe'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  let wallMs = 0
  let cpuMs: number | null = null
  child.once('exit', () => {
    wallMs = performance.now() - startedMs
    cpuMs = cpuBeforeMs === null ? null : reapedCpuMs()! - cpuBeforeMs
  })
  const output: Buffer[] = []
  let complaint = ''
  child.stdout?.on('data', (part: Buffer) => output.push(part))
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    complaint = (complaint + part).slice(-2000)
  })
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    if (code === null || !command.okCodes.includes(code))
      throw new FailedRun(
        `${[command.file, ...command.args].join(' ')} ended with ${signal ?? code}: ${complaint.trim()}`,
      )
  } finally {
    process.off('exit', kill)
    if (sink !== null) closeSync(sink)
  }
  return { wallMs, cpuMs, output: Buffer.concat(output).toString() }
}

/** A command that is no use to compare with. */
export class FailedRun extends Error {}

const tickMs = 10

/** What the kernel has added up of the processes that we started and that have ended (proc(5): cutime, cstime). */
function reapedCpuMs(): number | null {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[13]) + Number(fields[14])) * tickMs
  } catch {
    return null
  }
}
