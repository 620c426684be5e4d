import type { Clock } from '../../kernel/clock.ts'
import type { PaymentsStore, StoredNotice } from './ports.ts'
import { noticeLeaseMs } from './receive-notice.ts'

const batchMaxRows = 200

/** Takes up stored notices that nobody works on: their node died, or an attempt failed. Returns whether there may be more. */
export function takeUpNotices({
  store,
  clock,
  handOver,
}: {
  store: PaymentsStore
  clock: Clock
  handOver: (notice: StoredNotice) => void
}) {
  return async (): Promise<boolean> => {
    const now = clock.now()
    const waiting = await store.notices.waiting(now, batchMaxRows)
    for (const notice of waiting) {
      const until = new Date(now.getTime() + noticeLeaseMs)
      if (await store.transaction((tx) => tx.notices.claim(notice.id, now, until))) handOver(notice)
    }
    return waiting.length === batchMaxRows
  }
}
