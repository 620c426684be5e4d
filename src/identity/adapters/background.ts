import { setTimeout as pause } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { Logger } from '../../platform/log.ts'
import type { Background } from '../app/ports.ts'

/** Half of the mailer's connections: what runs in one queue leaves the other its own. */
const concurrencyMax = 2
const acceptedMax = 1000
/** Long enough for the answer to be on its way, so that its timing tells nothing of the work; a file database blocks this process. */
const startDelayMs = 50

interface BackgroundOptions {
  readonly log: Logger
  /** How long its end waits for what was accepted; the rest is dropped. */
  readonly drainTimeoutMs: number
}

/** Runs work after the answer. */
export function createBackground({ log, drainTimeoutMs }: BackgroundOptions): Background & AsyncDisposable {
  const turns = pLimit(concurrencyMax)
  const accepted = new Set<Promise<void>>()
  return {
    run(task, work) {
      if (accepted.size >= acceptedMax) return log.error({ task }, 'background work was dropped: too much of it waits')
      const done: Promise<void> = pause(startDelayMs)
        .then(() => turns(work))
        .catch((err: unknown) => log.error({ err, task }, 'background work failed'))
        .finally(() => accepted.delete(done))
      accepted.add(done)
    },
    async [Symbol.asyncDispose]() {
      const ending = new AbortController()
      const timeout = pause(drainTimeoutMs, undefined, { signal: ending.signal }).catch(() => undefined)
      await Promise.race([Promise.all(accepted), timeout])
      ending.abort()
      if (accepted.size > 0) log.error({ count: accepted.size }, 'background work was dropped: the end came first')
      turns.clearQueue()
    },
  }
}
