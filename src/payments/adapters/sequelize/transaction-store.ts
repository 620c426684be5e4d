import type { Clock } from '../../../kernel/clock.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Tx } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { BookedTransaction, TransactionWrites } from '../../app/ports.ts'
import type { PaymentsModels } from './models.ts'

interface KnownRow {
  transaction_id: string
  deposit_id: string
  kind: BookedTransaction['kind']
  minor: Int64
  currency: string
}

export function transactionWrites(tx: Tx, models: PaymentsModels, clock: Clock): TransactionWrites {
  return {
    async known(provider, transactionIds) {
      if (transactionIds.length === 0) return new Map()
      const rows = await tx.select<KnownRow>(
        `SELECT transaction_id, deposit_id, kind, minor, currency FROM provider_transactions
         WHERE provider = :provider AND transaction_id IN (:transactionIds)`,
        { provider, transactionIds },
      )
      return new Map(
        rows.map(({ transaction_id, deposit_id, minor, ...row }) => [
          transaction_id,
          { ...row, depositId: deposit_id, minor: BigInt(minor) },
        ]),
      )
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
