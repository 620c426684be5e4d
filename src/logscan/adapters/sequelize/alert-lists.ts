import { type Page, type PageRequest, toPage } from '../../../kernel/page.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader } from '../../../platform/database/database.ts'
import type { LogAlert } from '../../app/alert-ports.ts'
import type { AlertChannel } from '../../domain/alert/alert-rule.ts'
import { type AlertRow, toAlert } from './alert-store.ts'

export interface AlertListRequest extends PageRequest {
  readonly rule: string | null
  readonly group: string | null
}

/** How a delivery stands. Times are in ms since the epoch. */
export interface ListedDelivery {
  readonly id: string
  readonly alertId: string
  readonly ruleId: string
  readonly channel: AlertChannel
  readonly status: 'pending' | 'done' | 'failed'
  readonly attempts: number
  /** Null once it is over. */
  readonly nextAttemptAt: number | null
  /** What went wrong last. */
  readonly problem: string | null
  readonly updatedAt: number
}

/** Newest first. */
export async function alertPage(
  reader: Reader,
  { rule, group, beforeId, limit }: AlertListRequest,
): Promise<Page<LogAlert>> {
  const conditions = [
    ...(rule === null ? [] : ['rule_id = :rule']),
    ...(group === null ? [] : ['group_id = :group']),
    ...(beforeId === null ? [] : ['id < :beforeId']),
  ]
  const rows = await reader.select<AlertRow>(
    `SELECT id, rule_id, rule_name, kind, group_id, level, title, line_count, at_ms FROM log_alerts
     ${where(conditions)} ORDER BY id DESC LIMIT :rows`,
    { rule, group, beforeId, rows: limit + 1 },
  )
  return toPage(rows.map(toAlert), limit)
}

export interface DeliveryListRequest extends PageRequest {
  readonly alert: string | null
  readonly rule: string | null
}

/** Newest first. */
export async function deliveryPage(
  reader: Reader,
  { alert, rule, beforeId, limit }: DeliveryListRequest,
): Promise<Page<ListedDelivery>> {
  const conditions = [
    ...(alert === null ? [] : ['alert_id = :alert']),
    ...(rule === null ? [] : ['rule_id = :rule']),
    ...(beforeId === null ? [] : ['id < :beforeId']),
  ]
  const rows = await reader.select<DeliveryRow>(
    `SELECT id, alert_id, rule_id, channel, status, attempts, next_attempt_at_ms, problem, updated_at_ms
     FROM log_alert_deliveries ${where(conditions)} ORDER BY id DESC LIMIT :rows`,
    { alert, rule, beforeId, rows: limit + 1 },
  )
  return toPage(rows.map(toDelivery), limit)
}

const where = (conditions: readonly string[]) => (conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`)

interface DeliveryRow {
  id: string
  alert_id: string
  rule_id: string
  channel: AlertChannel
  status: ListedDelivery['status']
  attempts: number
  next_attempt_at_ms: Int64
  problem: string | null
  updated_at_ms: Int64
}

function toDelivery({
  id,
  alert_id,
  rule_id,
  channel,
  status,
  attempts,
  problem,
  ...row
}: DeliveryRow): ListedDelivery {
  return {
    ...{ id, alertId: alert_id, ruleId: rule_id, channel, status, attempts, problem },
    nextAttemptAt: status === 'pending' ? Number(row.next_attempt_at_ms) : null,
    updatedAt: Number(row.updated_at_ms),
  }
}
