import type { Clock } from '../../../kernel/clock.ts'
import type { Tx } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { TransactionWrites } from '../../app/ports.ts'
import type { PaymentsModels } from './models.ts'

export function transactionWrites(tx: Tx, models: PaymentsModels, clock: Clock): TransactionWrites {
  return {
    async known(provider, transactionIds) {
      const rows = await tx.select<{ transaction_id: string }>(
        'SELECT transaction_id FROM provider_transactions WHERE provider = :provider AND transaction_id IN (:transactionIds)',
        { provider, transactionIds },
      )
      return new Set(rows.map(({ transaction_id }) => transaction_id))
    },

    async book(transactions) {
      const bookedAtMs = clock.now().getTime()
      const rows = transactions.map(({ paidAt, ...row }) => ({
        ...row,
        paidAtMs: paidAt?.getTime() ?? null,
        bookedAtMs,
      }))
      await insertRows(tx, models.transactions, rows)
    },

    async releaseParts(depositId) {
      await tx.change(
        "UPDATE provider_transactions SET disposition = 'credited' WHERE deposit_id = :depositId AND disposition = 'part'",
        { depositId },
      )
    },
  }
}
