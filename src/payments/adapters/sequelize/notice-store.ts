import { z } from 'zod'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader, Tx } from '../../../platform/database/database.ts'
import { isDuplicate } from '../../../platform/database/failures.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { NoticeReads, NoticeWrites } from '../../app/ports.ts'
import type { ChargeReport } from '../../domain/gateway.ts'
import type { PaymentsModels } from './models.ts'

const outcomeMaxLength = 200

/** A report as it is kept: amounts as digits, times as ISO strings. */
const StoredReport = z.object({
  chargeId: z.string(),
  status: z.enum(['open', 'processing', 'paid', 'denied', 'expired', 'canceled']),
  payments: z.array(
    z.object({
      transactionId: z.string(),
      minor: z.string().transform(BigInt),
      currency: z.string(),
      paidAt: z
        .string()
        .nullable()
        .transform((text) => (text === null ? null : new Date(text))),
    }),
  ),
  takebacks: z.array(
    z.object({
      transactionId: z.string(),
      kind: z.enum(['refund', 'reversal']),
      minor: z.string().transform(BigInt),
      currency: z.string(),
    }),
  ),
})

function storableReport(report: ChargeReport): string {
  return JSON.stringify(report, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))
}

interface NoticeRow {
  id: string
  provider: string
  event_id: string
  report: string
  received_at_ms: Int64
  attempts: number
}

export function noticeReads(reader: Reader): NoticeReads {
  return {
    async waiting(now, limit) {
      const rows = await reader.select<NoticeRow>(
        `SELECT id, provider, event_id, report, received_at_ms, attempts FROM webhook_notices
         WHERE status = 'received' AND next_attempt_at_ms <= :now ORDER BY next_attempt_at_ms LIMIT :limit`,
        { now: now.getTime(), limit },
      )
      return rows.map(({ id, provider, event_id, report, received_at_ms, attempts }) => ({
        id,
        provider,
        eventId: event_id,
        report: StoredReport.parse(JSON.parse(report)),
        receivedAt: new Date(Number(received_at_ms)),
        attempts,
      }))
    },
  }
}

export function noticeWrites(tx: Tx, models: PaymentsModels): NoticeWrites {
  const finish = (status: string) => async (id: string, outcome: string) => {
    await tx.change(
      "UPDATE webhook_notices SET status = :status, outcome = :outcome, next_attempt_at_ms = NULL WHERE id = :id AND status = 'received'",
      { id, status, outcome: outcome.slice(0, outcomeMaxLength) },
    )
  }
  return {
    async insert({ id, provider, eventId, report, receivedAt, attempts, body, nextAttemptAt }) {
      const row = {
        id,
        provider,
        eventId,
        chargeId: report.chargeId,
        report: storableReport(report),
        body: Buffer.from(body),
        status: 'received',
        outcome: null,
        receivedAtMs: receivedAt.getTime(),
        attempts,
        nextAttemptAtMs: nextAttemptAt.getTime(),
      }
      try {
        await insertRows(tx, models.notices, [row])
        return true
      } catch (error) {
        if (isDuplicate(error)) return false
        throw error
      }
    },
    async claim(id, now, until) {
      const claimed = await tx.change(
        "UPDATE webhook_notices SET next_attempt_at_ms = :until WHERE id = :id AND status = 'received' AND next_attempt_at_ms <= :now",
        { id, now: now.getTime(), until: until.getTime() },
      )
      return claimed === 1
    },
    handled: finish('handled'),
    setAside: finish('set_aside'),
    async retry(id, at, error) {
      await tx.change(
        "UPDATE webhook_notices SET attempts = attempts + 1, next_attempt_at_ms = :at, outcome = :error WHERE id = :id AND status = 'received'",
        { id, at: at.getTime(), error: error.slice(0, outcomeMaxLength) },
      )
    },
  }
}
