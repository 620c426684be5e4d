import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** A server of the test run's own; it and its folder are gone after disposal, and after this process ends however it does. */
export interface PrivateServer extends AsyncDisposable {
  readonly url: string
  readonly directory: string
  /** Ends it as a crash would (SIGKILL). */
  kill(): Promise<void>
  /** Ends it in order (SIGTERM). */
  stop(): Promise<void>
  /** Starts it again on the same port and data; a running one is stopped in order first. */
  restart(): Promise<void>
}

export interface ServerRecipe {
  readonly name: string
  /** Fills the fresh folder, once. */
  prepare(directory: string): Promise<void>
  command(directory: string, port: number): readonly string[]
  url(port: number): string
  /** Throws until the server answers. */
  probe(url: string): Promise<void>
}

const startTimeoutMs = 30_000
const stopTimeoutMs = 20_000

/** The full path of the first program found on PATH or where distributions keep servers. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/local/bin']
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

export async function startPrivateServer({ name, prepare, command, url, probe }: ServerRecipe): Promise<PrivateServer> {
  const directory = await mkdtemp(join(tmpdir(), `xm-${name}-`))
  const guard = guardDirectory(directory)
  let server: ChildProcess | undefined
  const port = await freePort()

  async function start(): Promise<void> {
    const [program, ...args] = command(directory, port)
    server = spawn(program as string, args, { cwd: directory, detached: true, stdio: 'ignore' })
    server.unref()
    await once(server, 'spawn')
    await writeFile(join(directory, 'guarded.pid'), String(server.pid))
    const deadline = Date.now() + startTimeoutMs
    while (!(await answers())) {
      if (hasEnded(server) || Date.now() > deadline)
        throw new Error(`${name} did not start:\n${await lastLog(directory)}`)
      await pause(25)
    }
  }

  async function answers(): Promise<boolean> {
    try {
      await probe(url(port))
      return true
    } catch {
      return false
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (!server || hasEnded(server)) return
    const exited = once(server, 'exit')
    server.kill(signal)
    const late = setTimeout(() => server?.kill('SIGKILL'), stopTimeoutMs)
    await exited
    clearTimeout(late)
    await rm(join(directory, 'guarded.pid'), { force: true })
  }

  async function dispose(): Promise<void> {
    await end('SIGTERM')
    await guard.release()
  }

  try {
    await prepare(directory)
    await start()
  } catch (error) {
    await end('SIGKILL')
    await guard.release()
    throw error
  }
  return {
    url: url(port),
    directory,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    async restart() {
      await end('SIGTERM')
      await start()
    },
    [Symbol.asyncDispose]: dispose,
  }
}

/**
 * A small shell that waits for this process to go, however it goes (its end of the pipe closes), and then kills the
 * server and removes its folder. An exit handler would not run at SIGKILL.
 */
function guardDirectory(directory: string) {
  const script = 'cat >/dev/null; [ -f "$0/guarded.pid" ] && kill -9 "$(cat "$0/guarded.pid")"; rm -rf "$0"'
  const shell = spawn('sh', ['-c', script, directory], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  shell.unref()
  return {
    async release() {
      const exited = once(shell, 'exit')
      shell.ref()
      shell.stdin.end()
      await exited
    },
  }
}

async function lastLog(directory: string): Promise<string> {
  const log = await readFile(join(directory, 'server.log'), 'utf8').catch(() => '(it wrote no log)')
  return log.slice(-2000)
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  listener.close()
  await once(listener, 'close')
  if (address === null || typeof address === 'string') throw new Error('no TCP port')
  return address.port
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
