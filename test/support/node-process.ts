import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

/** When a node that was told so kills itself (SIGKILL): around the transaction that settles the deposit, or its push. */
export interface Trap {
  readonly moment: 'before commit' | 'after commit' | 'before publish' | 'after publish'
  readonly depositId: string
}

export interface PublishedEvent {
  readonly id: string
  readonly type: string
  readonly subject: string
}

export type FaultMessage = { readonly trap: Trap }
export type NodeMessage = { readonly armed: true } | { readonly published: readonly PublishedEvent[] }

interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A server process of its own. Disposing it kills it. */
export interface NodeProcess extends AsyncDisposable {
  readonly url: string
  readonly startedInMs: number
  readonly exit: Promise<Exit>
  readonly running: boolean
  /** Every event that it handed on, as often as it did. */
  readonly published: readonly PublishedEvent[]
  arm(trap: Trap): Promise<void>
  /** As a power cut would (SIGKILL). */
  kill(): Promise<void>
  /** In order (SIGTERM). */
  stop(): Promise<Exit>
  /** The end of what it printed. */
  output(): string
}

const root = resolve(import.meta.dirname, '../..')
const startTimeoutMs = 30_000
const outputMaxChars = 50_000
const entries = { fault: 'test/support/fault-node.ts', serve: 'src/main/serve.ts' }

/** Starts a server from its sources and resolves once it is ready. `serve` is the product's own entry, without traps. */
export async function startNodeProcess(
  env: Readonly<Record<string, string>>,
  entry: keyof typeof entries = 'fault',
): Promise<NodeProcess> {
  const startedAtMs = performance.now()
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=xm-source', entries[entry]], {
    cwd: root,
    // Nothing of the test runner's own settings may steer the product.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const killChild = () => child.kill('SIGKILL')
  process.once('exit', killChild)
  const exit = once(child, 'exit').then(([code, signal]): Exit => {
    process.off('exit', killChild)
    return { code, signal }
  })
  const published: PublishedEvent[] = []
  child.on('message', (message: NodeMessage) => {
    if ('published' in message) published.push(...message.published)
  })
  let printed = ''
  const keep = (text: string) => {
    printed = (printed + text).slice(-outputMaxChars)
  }
  child.stderr?.setEncoding('utf8').on('data', keep)
  const failed = exit.then(({ code, signal }) => {
    throw new Error(`the node ended at its start (${signal ?? code}):\n${printed}`)
  })
  const url = await Promise.race([urlPrintedBy(child, keep), failed, timeout(() => printed)])
  failed.catch(() => {})
  await untilReady(url)

  return {
    url,
    startedInMs: performance.now() - startedAtMs,
    exit,
    published,
    get running() {
      return child.exitCode === null && child.signalCode === null
    },
    async arm(trap) {
      const armed = once(child, 'message')
      child.send({ trap } satisfies FaultMessage)
      for (let [message] = await armed; !('armed' in message); [message] = await once(child, 'message'));
    },
    async kill() {
      killChild()
      await exit
    },
    stop() {
      child.kill('SIGTERM')
      return exit
    },
    output: () => printed,
    async [Symbol.asyncDispose]() {
      killChild()
      await exit
    },
  }
}

/** Both entries print a JSON line that holds the address. */
function urlPrintedBy(child: ChildProcess, keep: (text: string) => void): Promise<string> {
  return new Promise((found) => {
    if (child.stdout === null) throw new Error('the output of the node is not read')
    createInterface(child.stdout).on('line', (line) => {
      keep(`${line}\n`)
      const url = /"url":"(http[^"]+)"/.exec(line)?.[1]
      if (url !== undefined) found(url)
    })
  })
}

async function timeout(printed: () => string): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, startTimeoutMs).unref())
  throw new Error(`the node did not start within ${startTimeoutMs} ms:\n${printed()}`)
}

async function untilReady(url: string): Promise<void> {
  const deadlineMs = performance.now() + startTimeoutMs
  while (!(await fetch(`${url}/readyz`).then(({ ok }) => ok))) {
    if (performance.now() > deadlineMs) throw new Error('the node is not ready')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
