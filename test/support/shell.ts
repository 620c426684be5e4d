import { type ChildProcess, spawn } from 'node:child_process'

/** A shell block that runs in a process group of its own. */
export interface ShellRun extends AsyncDisposable {
  readonly output: () => string
  /** Resolves with the whole output once it holds the pattern; rejects when the block ends or the time is over before. */
  until(pattern: RegExp, timeoutMs: number): Promise<string>
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>
  signal(name: NodeJS.Signals): void
}

/** Runs a block of commands as a person would paste it: one shell, stopping at the first failure. */
export function runShell(block: string, options: { cwd: string; env?: Record<string, string> }): ShellRun {
  const child = spawn('bash', ['-euc', block], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const listeners = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => {
      text += part.toString('utf8')
      for (const listener of listeners) listener()
    })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))

  return {
    output: () => text,
    ended,
    signal: (name) => signalGroup(child, name),
    until: (pattern, timeoutMs) =>
      new Promise((resolve, reject) => {
        const finish = (settle: () => void) => {
          clearTimeout(timer)
          listeners.delete(look)
          settle()
        }
        const look = () => pattern.test(text) && finish(() => resolve(text))
        const timer = setTimeout(
          () => finish(() => reject(new Error(`${pattern} did not come within ${timeoutMs} ms:\n${text}`))),
          timeoutMs,
        )
        listeners.add(look)
        void ended.then((code) =>
          finish(() => reject(new Error(`the block ended with ${code} before ${pattern}:\n${text}`))),
        )
        look()
      }),
    async [Symbol.asyncDispose]() {
      signalGroup(child, 'SIGKILL')
      await ended
    },
  }
}

function signalGroup({ pid, exitCode }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined || exitCode !== null) return
  try {
    process.kill(-pid, name)
  } catch {
    // The whole group is gone already.
  }
}
