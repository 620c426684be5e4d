import type { NoticeQueue, StoredNotice } from '../app/notice-port.ts'

interface NoticeQueueDeps {
  readonly handle: (notice: StoredNotice) => Promise<void>
  readonly failed: (notice: StoredNotice, error: unknown) => void
  readonly concurrencyMax: number
  readonly waitingMax: number
}

export interface RunningNoticeQueue extends NoticeQueue, AsyncDisposable {
  readonly waiting: number
}

/** Works off stored notices, a bounded number at once. What it has no room for stays in its row until somebody has. */
export function createNoticeQueue({ handle, failed, concurrencyMax, waitingMax }: NoticeQueueDeps): RunningNoticeQueue {
  const waiting: StoredNotice[] = []
  /** Those that wait and those being handled. */
  const held = new Set<string>()
  const lanes = new Set<Promise<void>>()
  let running = 0
  let closed = false

  async function lane(): Promise<void> {
    running++
    for (let notice = waiting.shift(); notice !== undefined && !closed; notice = waiting.shift()) {
      try {
        await handle(notice)
      } catch (error) {
        failed(notice, error)
      } finally {
        held.delete(notice.id)
      }
    }
    // At once: one that is added before this promise has settled needs a lane of its own.
    running--
  }

  return {
    get waiting() {
      return waiting.length
    },
    get room() {
      return closed ? 0 : Math.max(0, waitingMax - waiting.length)
    },
    get takesNew() {
      return !closed && waiting.length < waitingMax / 2
    },
    add(notice) {
      if (closed || held.has(notice.id)) return
      held.add(notice.id)
      waiting.push(notice)
      if (running >= concurrencyMax) return
      const started = lane().finally(() => lanes.delete(started))
      lanes.add(started)
    },
    async [Symbol.asyncDispose]() {
      closed = true
      await Promise.all(lanes)
    },
  }
}
