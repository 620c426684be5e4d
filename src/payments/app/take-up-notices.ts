import type { Clock } from '../../kernel/clock.ts'
import type { NoticeEvents, NoticeQueue } from './notice-port.ts'
import type { PaymentsStore } from './ports.ts'
import { noticeLeaseMs } from './receive-notice.ts'

const batchMaxRows = 200

/**
 * Takes up stored notices that nobody works on, as many as this process has room for: their node died or was too busy,
 * or an attempt failed. One that cannot be read is set aside by itself. Returns whether there may be more.
 */
export function takeUpNotices({
  store,
  clock,
  queue,
  events,
}: {
  store: PaymentsStore
  clock: Clock
  queue: NoticeQueue
  events: NoticeEvents
}) {
  return async (): Promise<boolean> => {
    const limit = Math.min(queue.room, batchMaxRows)
    const now = clock.now()
    if (limit <= 0 || !(await store.notices.anyWaiting(now))) return false
    const until = new Date(now.getTime() + noticeLeaseMs)
    const { notices, unreadable } = await store.transaction(async (tx) => {
      const taken = await tx.notices.take(now, until, limit)
      for (const { id, reason } of taken.unreadable) await tx.notices.setAside(id, reason)
      return taken
    })
    for (const { reason, ...notice } of unreadable) events.setAside(notice, reason)
    for (const notice of notices) queue.add(notice)
    return notices.length + unreadable.length === batchMaxRows
  }
}
