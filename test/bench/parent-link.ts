import { Session } from 'node:inspector/promises'

/** A bench program's side of its talk with `run.ts`: calls come in by name, answers go back. */
export type Calls = Readonly<Record<string, (input: never) => unknown>>

interface Call {
  readonly id: number
  readonly name: string
  readonly input: unknown
}

const profiler = new Session()

const always: Calls = {
  startProfile: async () => {
    profiler.connect()
    await profiler.post('Profiler.enable')
    await profiler.post('Profiler.setSamplingInterval', { interval: 200 })
    await profiler.post('Profiler.start')
  },
  stopProfile: async () => {
    const { profile } = await profiler.post('Profiler.stop')
    profiler.disconnect()
    return profile
  },
  /** Processor time of this process so far, milliseconds. */
  cpuMs: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
}

/** Answers the parent's calls until it goes away; then closes, and ends this process. */
export function answerParent(calls: Calls, close: () => Promise<void> | void): void {
  process.on('message', ({ id, name, input }: Call) => {
    void (async () => {
      try {
        const call = { ...always, ...calls }[name] as ((input: unknown) => unknown) | undefined
        if (call === undefined) throw new Error(`no call ${name}`)
        reply({ id, value: await call(input) })
      } catch (error) {
        reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
      }
    })()
  })
  process.on('disconnect', () => {
    void Promise.resolve(close()).finally(() => process.exit(0))
  })
  reply({ id: 0, value: 'ready' })
}

function reply(answer: { id: number; value?: unknown; error?: string }): void {
  if (process.connected) process.send?.(answer)
}
