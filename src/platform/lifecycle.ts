import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from './log.ts'

/** A background loop: it works at its own pace, and `wake` only makes it look sooner. */
export interface Loop extends AsyncDisposable {
  wake(): void
}

interface LoopOptions {
  readonly name: string
  readonly intervalMs: number
  /** One pass. Returns true when there is more to do at once. */
  readonly work: (signal: AbortSignal) => Promise<unknown>
  readonly log: Logger
}

const failurePauseMaxMs = 5_000

/** Starts the loop. Disposing it lets the pass under way finish. A failing pass is logged and tried again, slower each time. */
export function startLoop({ name, intervalMs, work, log }: LoopOptions): Loop {
  const ending = new AbortController()
  let woken = createSignal()
  let failures = 0

  async function run() {
    while (!ending.signal.aborted) {
      woken = createSignal()
      let waitMs = intervalMs
      try {
        if ((await work(ending.signal)) === true) waitMs = 0
        failures = 0
      } catch (error) {
        failures++
        waitMs = Math.min(failurePauseMaxMs, intervalMs * 2 ** Math.min(failures, 10))
        log.error({ err: error, loop: name, failures, retryMs: waitMs }, 'a pass of a background loop failed')
      }
      if (waitMs > 0) await sleepUntilWoken(waitMs, failures > 0)
    }
  }

  async function sleepUntilWoken(waitMs: number, deaf: boolean) {
    const timer = new AbortController()
    const signal = AbortSignal.any([ending.signal, timer.signal])
    await Promise.race([pause(waitMs, undefined, { signal }).catch(() => undefined), ...(deaf ? [] : [woken.raised])])
    timer.abort()
  }

  const finished = run()
  return {
    wake: () => woken.raise(),
    async [Symbol.asyncDispose]() {
      ending.abort()
      await finished
    },
  }
}

function createSignal() {
  let raise = () => {}
  const raised = new Promise<void>((resolve) => {
    raise = resolve
  })
  return { raised, raise: () => raise() }
}
