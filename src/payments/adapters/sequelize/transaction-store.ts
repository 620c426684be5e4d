import type { Clock } from '../../../kernel/clock.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader, Tx } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { CaseReads, CaseWrites, SuspenseCase, TransactionWrites } from '../../app/ports.ts'
import type { CaseKind } from '../../domain/deposit-change.ts'
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

interface CaseRow {
  id: string
  deposit_id: string
  provider: string
  kind: CaseKind
  minor: Int64
  currency: string
  transaction_id: string | null
  attempts: number
}

const caseColumns = 'id, deposit_id, provider, kind, minor, currency, transaction_id, attempts'

function toCase(row: CaseRow): SuspenseCase & { attempts: number } {
  const { id, provider, kind, currency, attempts } = row
  return {
    id,
    provider,
    kind,
    currency,
    attempts,
    depositId: row.deposit_id,
    transactionId: row.transaction_id,
    minor: BigInt(row.minor),
  }
}

export function caseReads(reader: Reader): CaseReads {
  return {
    async refunding(now, limit) {
      const rows = await reader.select<CaseRow>(
        `SELECT ${caseColumns} FROM suspense_cases WHERE status = 'refunding' AND next_attempt_at_ms <= :now ORDER BY next_attempt_at_ms LIMIT :limit`,
        { now: now.getTime(), limit },
      )
      return rows.map(toCase)
    },
  }
}

export function caseWrites(tx: Tx, models: PaymentsModels, clock: Clock): CaseWrites {
  return {
    async open(cases) {
      const openedAtMs = clock.now().getTime()
      const rows = cases.map(({ handling, ...entry }) => ({
        ...entry,
        status: handling === 'refund' ? 'refunding' : 'open',
        openedAtMs,
        closedAtMs: null,
        attempts: 0,
        nextAttemptAtMs: handling === 'refund' ? openedAtMs : null,
      }))
      await insertRows(tx, models.cases, rows)
    },

    async refundingOf(depositId) {
      const rows = await tx.select<{ id: string }>(
        "SELECT id FROM suspense_cases WHERE deposit_id = :depositId AND status = 'refunding'",
        { depositId },
      )
      return new Set(rows.map(({ id }) => id))
    },

    async close(id, resolution) {
      await tx.change(
        'UPDATE suspense_cases SET status = :resolution, closed_at_ms = :now, next_attempt_at_ms = NULL WHERE id = :id',
        {
          id,
          resolution,
          now: clock.now().getTime(),
        },
      )
    },

    async closePartial(depositId) {
      await tx.change(
        `UPDATE suspense_cases SET status = 'credited', closed_at_ms = :now
         WHERE deposit_id = :depositId AND kind = 'paid_partial' AND status = 'open'`,
        { depositId, now: clock.now().getTime() },
      )
    },

    async giveUpRefund(id) {
      await tx.change(
        "UPDATE suspense_cases SET status = 'open', next_attempt_at_ms = NULL WHERE id = :id AND status = 'refunding'",
        { id },
      )
    },

    async retryRefund(id, at) {
      await tx.change(
        "UPDATE suspense_cases SET attempts = attempts + 1, next_attempt_at_ms = :at WHERE id = :id AND status = 'refunding'",
        { id, at: at.getTime() },
      )
    },
  }
}
