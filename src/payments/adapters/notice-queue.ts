import type { Logger } from '../../platform/log.ts'
import type { StoredNotice } from '../app/ports.ts'

/** Works off stored notices, a bounded number at once. What does not fit stays in its row and is taken up from there. */
export interface NoticeQueue extends AsyncDisposable {
  add(notice: StoredNotice): void
  readonly waiting: number
}

interface NoticeQueueDeps {
  readonly handle: (notice: StoredNotice) => Promise<void>
  readonly concurrencyMax: number
  readonly handled: (notice: StoredNotice, outcome: 'handled' | 'failed') => void
  readonly log: Logger
}

const waitingMax = 10_000

export function createNoticeQueue({ handle, concurrencyMax, handled, log }: NoticeQueueDeps): NoticeQueue {
  const waiting: StoredNotice[] = []
  const lanes = new Set<Promise<void>>()
  let closed = false

  async function lane(): Promise<void> {
    for (let notice = waiting.shift(); notice !== undefined && !closed; notice = waiting.shift()) {
      try {
        await handle(notice)
        handled(notice, 'handled')
      } catch (error) {
        handled(notice, 'failed')
        log.warn(
          { err: error, noticeId: notice.id, provider: notice.provider, attempts: notice.attempts + 1 },
          'a webhook could not be handled yet',
        )
      }
    }
  }

  return {
    get waiting() {
      return waiting.length
    },
    add(notice) {
      if (closed || waiting.length >= waitingMax) return
      waiting.push(notice)
      if (lanes.size >= concurrencyMax) return
      const running = lane().finally(() => lanes.delete(running))
      lanes.add(running)
    },
    async [Symbol.asyncDispose]() {
      closed = true
      await Promise.all(lanes)
    },
  }
}
