import { z } from 'zod'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader, Tx } from '../../../platform/database/database.ts'
import { isDuplicate } from '../../../platform/database/failures.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { NoticeReads, NoticeWrites, StoredNotice, UnreadableNotice } from '../../app/notice-port.ts'
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

function toNotice({ id, provider, event_id, report, received_at_ms, attempts }: NoticeRow): StoredNotice {
  return {
    id,
    provider,
    eventId: event_id,
    report: StoredReport.parse(JSON.parse(report)),
    receivedAt: new Date(Number(received_at_ms)),
    attempts,
  }
}

const isWaiting = "status = 'received' AND next_attempt_at_ms <= :now"

export function noticeReads(reader: Reader): NoticeReads {
  return {
    async anyWaiting(now) {
      const rows = await reader.select(`SELECT id FROM webhook_notices WHERE ${isWaiting} LIMIT 1`, {
        now: now.getTime(),
      })
      return rows.length > 0
    },
  }
}

export function noticeWrites(tx: Tx, models: PaymentsModels): NoticeWrites {
  const lockFree = tx.dialect === 'mysql' ? 'FOR UPDATE SKIP LOCKED' : ''

  async function conclude(id: string, status: 'handled' | 'set_aside', outcome: string) {
    await tx.change(
      'UPDATE webhook_notices SET status = :status, outcome = :outcome, next_attempt_at_ms = NULL WHERE id = :id',
      { id, status, outcome: outcome.slice(0, outcomeMaxLength) },
    )
  }

  async function postpone(id: string, until: Date, attempts: number, outcome: string | null) {
    await tx.change(
      `UPDATE webhook_notices SET status = 'received', attempts = :attempts, next_attempt_at_ms = :until, outcome = :outcome
       WHERE id = :id`,
      { id, attempts, until: until.getTime(), outcome: outcome?.slice(0, outcomeMaxLength) ?? null },
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

    async take(now, until, limit) {
      const rows = await tx.select<NoticeRow>(
        `SELECT id, provider, event_id, report, received_at_ms, attempts FROM webhook_notices
         WHERE ${isWaiting} ORDER BY next_attempt_at_ms LIMIT :limit ${lockFree}`,
        { now: now.getTime(), limit },
      )
      if (rows.length > 0)
        await tx.change('UPDATE webhook_notices SET next_attempt_at_ms = :until WHERE id IN (:ids)', {
          until: until.getTime(),
          ids: rows.map(({ id }) => id),
        })
      const taken = { notices: [] as StoredNotice[], unreadable: [] as UnreadableNotice[] }
      for (const row of rows) {
        try {
          taken.notices.push(toNotice(row))
        } catch (error) {
          const reason = `its report cannot be read: ${error instanceof Error ? error.message : String(error)}`
          taken.unreadable.push({ id: row.id, provider: row.provider, reason })
        }
      }
      return taken
    },

    async claim({ id, attempts }) {
      const claimed = await tx.change(
        `UPDATE webhook_notices SET status = 'handled', outcome = 'applied', next_attempt_at_ms = NULL
         WHERE id = :id AND status = 'received' AND attempts = :attempts`,
        { id, attempts },
      )
      return claimed === 1
    },

    handled: (id, outcome) => conclude(id, 'handled', outcome),
    setAside: (id, reason) => conclude(id, 'set_aside', reason),
    giveBack: ({ id, attempts }, until) => postpone(id, until, attempts, null),
    retry: ({ id, attempts }, at, error) => postpone(id, at, attempts + 1, error),

    async pruneHandled(before, limit) {
      const rows = await tx.select<{ id: string }>(
        `SELECT id FROM webhook_notices WHERE status = 'handled' AND received_at_ms < :before
         ORDER BY received_at_ms LIMIT :limit`,
        { before: before.getTime(), limit },
      )
      if (rows.length === 0) return 0
      return tx.change("DELETE FROM webhook_notices WHERE id IN (:ids) AND status = 'handled'", {
        ids: rows.map(({ id }) => id),
      })
    },
  }
}
