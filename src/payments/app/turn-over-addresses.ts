import type { Clock } from '../../kernel/clock.ts'
import type { PaymentsPolicy } from './policy.ts'
import type { PaymentsStore } from './ports.ts'

const batchMaxRows = 500

/**
 * Lets payment addresses rest once the late-payment watch of their deposit is over, and offers rested ones again: an
 * address never has two owners before that. Returns whether there may be more.
 */
export function turnOverAddresses({
  store,
  clock,
  policy,
}: {
  store: PaymentsStore
  clock: Clock
  policy: PaymentsPolicy
}) {
  return async (): Promise<boolean> => {
    const moved = await store.transaction((tx) =>
      tx.addresses.turnOver(clock.now(), policy.addressCoolingMs, batchMaxRows),
    )
    return moved >= batchMaxRows
  }
}
