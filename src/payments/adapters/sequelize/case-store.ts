import type { Clock } from '../../../kernel/clock.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader, Tx } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { CaseReads, CaseWrites } from '../../app/ports.ts'
import type { CaseKind, CaseStatus, DepositCase } from '../../domain/deposit-change.ts'
import { isLive } from '../../domain/standing-cases.ts'
import type { PaymentsModels } from './models.ts'

interface CaseRow {
  id: string
  deposit_id: string
  provider: string
  kind: CaseKind
  status: CaseStatus
  minor: Int64
  currency: string
  transaction_id: string | null
  attempts: number
}

const select =
  'SELECT id, deposit_id, provider, kind, status, minor, currency, transaction_id, attempts FROM suspense_cases'

export function caseReads(reader: Reader): CaseReads {
  return {
    async refunding(now, limit) {
      const rows = await reader.select<CaseRow>(
        `${select} WHERE status = 'refunding' AND next_attempt_at_ms <= :now ORDER BY next_attempt_at_ms LIMIT :limit`,
        { now: now.getTime(), limit },
      )
      return rows.map(({ id, provider, kind, currency, attempts, ...row }) => ({
        ...{ id, provider, kind, currency, attempts },
        depositId: row.deposit_id,
        transactionId: row.transaction_id,
        minor: BigInt(row.minor),
      }))
    },
  }
}

export function caseWrites(tx: Tx, models: PaymentsModels, clock: Clock): CaseWrites {
  const lock = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''
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

    async lockOf(depositId) {
      const rows = await tx.select<CaseRow>(`${select} WHERE deposit_id = :depositId ORDER BY id ${lock}`, {
        depositId,
      })
      return rows.map(
        ({ id, kind, status, minor, currency, attempts }): DepositCase => ({
          ...{ id, kind, status, currency },
          minor: BigInt(minor),
          asked: attempts > 0,
        }),
      )
    },

    async change({ id, status, minor }) {
      await tx.change(
        `UPDATE suspense_cases SET status = :status, minor = :minor, next_attempt_at_ms = NULL, closed_at_ms = :closedAtMs
         WHERE id = :id`,
        { id, status, minor, closedAtMs: isLive({ status }) ? null : clock.now().getTime() },
      )
    },

    async closePartial(depositId) {
      await tx.change(
        `UPDATE suspense_cases SET status = 'credited', closed_at_ms = :now
         WHERE deposit_id = :depositId AND kind = 'paid_partial' AND status = 'open'`,
        { depositId, now: clock.now().getTime() },
      )
    },

    async claimRefund(id, now, nextAttemptAt) {
      const claimed = await tx.change(
        `UPDATE suspense_cases SET attempts = attempts + 1, next_attempt_at_ms = :nextAttemptAt
         WHERE id = :id AND status = 'refunding' AND next_attempt_at_ms <= :now`,
        { id, now: now.getTime(), nextAttemptAt: nextAttemptAt.getTime() },
      )
      return claimed === 1
    },

    async giveUpRefund(id, unheardAttempts) {
      const over = unheardAttempts === 0 ? 'minor = 0' : 'FALSE'
      await tx.change(
        `UPDATE suspense_cases SET status = CASE WHEN ${over} THEN 'taken_back' ELSE 'open' END, attempts = :unheardAttempts,
           next_attempt_at_ms = NULL, closed_at_ms = CASE WHEN ${over} THEN :now ELSE NULL END
         WHERE id = :id AND status IN ('refunding', 'open')`,
        { id, unheardAttempts, now: clock.now().getTime() },
      )
    },
  }
}
