import type { Clock } from '../../kernel/clock.ts'
import type { PaymentsPolicy } from './policy.ts'
import type { PaymentsStore } from './ports.ts'

// Their bodies may be large, and a transaction keeps what it deletes.
const batchMaxRows = 200

/**
 * Forgets notices that were handled and are older than the retention. When a provider delivers one again after that, its
 * transactions are known, and nothing is booked. Returns whether there may be more.
 */
export function pruneNotices({ store, clock, policy }: { store: PaymentsStore; clock: Clock; policy: PaymentsPolicy }) {
  return async (): Promise<boolean> => {
    const before = new Date(clock.now().getTime() - policy.noticeRetentionMs)
    const pruned = await store.transaction((tx) => tx.notices.pruneHandled(before, batchMaxRows))
    return pruned === batchMaxRows
  }
}
