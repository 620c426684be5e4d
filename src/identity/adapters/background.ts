import { setTimeout as pause } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { Logger } from '../../platform/log.ts'
import type { Background } from '../app/ports.ts'

const concurrencyMax = 4
const waitingMax = 1000
/** Long enough for the answer to be on its way, so that its timing tells nothing of the work; a file database blocks this process. */
const startDelayMs = 50

/** Runs work after the answer. Disposing it waits for what is under way. */
export function createBackground(log: Logger): Background & AsyncDisposable {
  const turns = pLimit(concurrencyMax)
  const running = new Set<Promise<void>>()
  return {
    run(task, work) {
      if (turns.pendingCount >= waitingMax)
        return log.error({ task }, 'background work was dropped: too much of it waits')
      const done: Promise<void> = turns(() => pause(startDelayMs).then(work))
        .catch((err: unknown) => log.error({ err, task }, 'background work failed'))
        .finally(() => running.delete(done))
      running.add(done)
    },
    async [Symbol.asyncDispose]() {
      while (running.size > 0) await Promise.all(running)
    },
  }
}
