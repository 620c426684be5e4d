import type { Clock } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Database, Reader, Tx } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type {
  AlertCounts,
  AlertDelivery,
  AlertQueue,
  AlertWrites,
  LogAlert,
  RaisedAlert,
} from '../../app/alert-ports.ts'
import { type AlertChannel, type AlertRule, concerns, levelsFrom } from '../../domain/alert/alert-rule.ts'
import type { Level } from '../../domain/log-pattern.ts'
import type { AlertModels } from './alert-models.ts'
import { alertRuleReads } from './alert-rules.ts'
import type { GroupNews } from './group-counts.ts'
import { titleMaxLength } from './models.ts'
import { bounded, chunksOf } from './row-text.ts'

const problemMaxLength = 300
/** Alerts of one rule that lines which are kept together may raise one by one. */
const atOnceMax = 10

interface AlertWritesDeps {
  readonly models: AlertModels
  readonly clock: Clock
  readonly ids: Ids
}

export function alertWrites(tx: Tx, { models, clock, ids }: AlertWritesDeps): AlertWrites {
  const lock = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''

  /** Those that are there already, or come too soon after another. */
  async function knownOf(rule: AlertRule, raised: readonly RaisedAlert[], atMs: number) {
    const found = await tx.select<{ occasion: string }>(
      'SELECT occasion FROM log_alerts WHERE rule_id = :rule AND occasion IN (:occasions)',
      { rule: rule.id, occasions: raised.map(({ occasion }) => occasion) },
    )
    const occasions = new Set(found.map(({ occasion }) => occasion))
    const lately =
      rule.quietMs === 0
        ? []
        : await tx.select<{ group_id: string | null }>(
            "SELECT DISTINCT group_id FROM log_alerts WHERE rule_id = :rule AND at_ms > :since AND kind <> 'test'",
            { rule: rule.id, since: atMs - rule.quietMs },
          )
    const quiet = new Set(lately.map(({ group_id }) => group_id))
    return ({ occasion, kind, group }: RaisedAlert) => occasions.has(occasion) || (kind !== 'test' && quiet.has(group))
  }

  return {
    async raise(rule, raised) {
      // Whoever has to be quiet looks, and writes, one after the other.
      if (rule.quietMs > 0) await tx.select(`SELECT id FROM log_alert_rules WHERE id = :id ${lock}`, { id: rule.id })
      const atMs = clock.now().getTime()
      const alerts: (RaisedAlert & { id: string })[] = []
      for (const part of chunksOf(raised)) {
        const known = await knownOf(rule, part, atMs)
        alerts.push(...part.filter((alert) => !known(alert)).map((alert) => ({ ...alert, id: ids.next() })))
      }
      const rows = alerts.map(({ id, occasion, kind = rule.measure.kind, group, level, title, lines }) => ({
        ...{ id, ruleId: rule.id, ruleName: rule.name, kind, occasion, groupId: group, level },
        ...{ title: bounded(title, titleMaxLength), lineCount: lines, atMs },
      }))
      const deliveries = alerts.flatMap(({ id: alertId }) =>
        rule.channels.map((channel) => ({
          ...{ id: ids.next(), alertId, ruleId: rule.id, channel, status: 'pending', attempts: 0 },
          ...{ nextAttemptAtMs: atMs, problem: null, updatedAtMs: atMs },
        })),
      )
      for (const part of chunksOf(rows)) await insertRows(tx, models.alerts, part)
      for (const part of chunksOf(deliveries)) await insertRows(tx, models.deliveries, part)
      return alerts.length
    },

    async again(deliveryId) {
      const nowMs = clock.now().getTime()
      const changed = await tx.change(
        `UPDATE log_alert_deliveries SET status = 'pending', attempts = 0, next_attempt_at_ms = :nowMs, updated_at_ms = :nowMs
         WHERE id = :deliveryId`,
        { deliveryId, nowMs },
      )
      return changed > 0
    },
  }
}

/** Raises, in the transaction that keeps their lines, the alerts of what happened to groups. */
export async function raiseForGroups(tx: Tx, deps: AlertWritesDeps, news: readonly GroupNews[]): Promise<void> {
  if (news.length === 0) return
  const writes = alertWrites(tx, deps)
  for (const rule of await alertRuleReads(tx).enabled()) {
    const raised = news
      .filter(({ kind, ...fact }) => concerns(rule, { ...fact, kind: kind === 'new' ? kind : 'regressed' }))
      .map(({ group, kind, level, title, count }) => {
        return { occasion: `${kind}:${group}:${count}`, group, level, title, lines: count }
      })
    await writes.raise(rule, bundled(rule, raised))
  }
}

/** Of many that come at once only some are told one by one. */
function bundled({ name }: AlertRule, raised: readonly RaisedAlert[]): readonly RaisedAlert[] {
  const rest = raised.slice(atOnceMax)
  const [first] = rest
  if (first === undefined) return raised
  const title = `${name}: ${rest.length} more groups`
  const lines = rest.reduce((sum, alert) => sum + alert.lines, 0)
  return [...raised.slice(0, atOnceMax), { ...first, occasion: `more:${first.occasion}`, group: null, title, lines }]
}

export function createAlertQueue(database: Database, clock: Clock): AlertQueue {
  return {
    async take(now, until, { limit, perRule, except }) {
      const due = await database.select<{ id: string }>(
        `SELECT id FROM log_alert_deliveries WHERE status = 'pending' AND next_attempt_at_ms <= :now LIMIT 1`,
        { now },
      )
      if (due.length === 0) return []
      return database.transaction(async (tx) => {
        // A rule whose endpoint hangs must not fill all of the page.
        const rows = await tx.select<DeliveryRow>(
          `SELECT d.id, d.alert_id, d.channel, d.attempts, r.webhook_url, r.secret_version, a.rule_id, a.rule_name, a.kind,
             a.group_id, a.level, a.title, a.line_count, a.at_ms
           FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY rule_id ORDER BY next_attempt_at_ms, id) AS place
             FROM log_alert_deliveries WHERE status = 'pending' AND next_attempt_at_ms <= :now) d
           JOIN log_alerts a ON a.id = d.alert_id LEFT JOIN log_alert_rules r ON r.id = d.rule_id
           WHERE d.place <= :perRule ${except.length === 0 ? '' : 'AND d.rule_id NOT IN (:except)'} ORDER BY d.next_attempt_at_ms, d.id LIMIT :limit`,
          { now, perRule, limit, except },
        )
        const taken: AlertDelivery[] = []
        for (const row of rows) {
          const isOurs = await tx.change(
            `UPDATE log_alert_deliveries SET next_attempt_at_ms = :until
             WHERE id = :id AND status = 'pending' AND next_attempt_at_ms <= :now`,
            { id: row.id, until, now },
          )
          if (isOurs === 1) taken.push(toDelivery(row))
        }
        return taken
      })
    },

    settle: ({ id, attempts }, end) =>
      database.transaction(async (tx) => {
        await tx.change(
          `UPDATE log_alert_deliveries SET status = :status, attempts = :attempts, next_attempt_at_ms = :next, problem = :problem,
             updated_at_ms = :nowMs
           WHERE id = :id`,
          {
            ...{ id, status: end.status, attempts: attempts + 1, nowMs: clock.now().getTime() },
            next: end.status === 'pending' ? Math.ceil(end.nextAttemptAt) : 0,
            problem: end.status === 'done' ? null : bounded(end.problem, problemMaxLength),
          },
        )
      }),
  }
}

export function alertCounts(reader: Reader): AlertCounts {
  return {
    async linesIn({ filter: { minLevel, source, pattern, group } }, from, to) {
      const conditions = ['m.bucket_ms >= :from', 'm.bucket_ms < :to', 'm.level IN (:levels)']
      if (source !== null) conditions.push('m.source = :source')
      if (group !== null)
        conditions.push(
          '(m.group_id = :group OR m.group_id IN (SELECT g.id FROM log_groups g WHERE g.merged_into = :group))',
        )
      // A group may hold lines of other patterns too: it counts with all of them.
      if (pattern !== null)
        conditions.push("m.group_id IN (SELECT g.id FROM log_groups g WHERE g.patterns LIKE :pattern ESCAPE '!')")
      const [row] = await reader.select<{ total: string | number | null }>(
        `SELECT SUM(m.count) AS total FROM log_minutes m WHERE ${conditions.join(' AND ')}`,
        {
          ...{ from, to, levels: levelsFrom(minLevel), source, group },
          pattern: pattern === null ? null : `%"${pattern.replace(/[!%_]/g, '!$&')}"%`,
        },
      )
      return Number(row?.total ?? 0)
    },
  }
}

export interface AlertRow {
  id: string
  rule_id: string
  rule_name: string
  kind: LogAlert['kind']
  group_id: string | null
  level: Level
  title: string
  line_count: Int64
  at_ms: Int64
}

export function toAlert({
  id,
  rule_id,
  rule_name,
  kind,
  group_id,
  level,
  title,
  line_count,
  at_ms,
}: AlertRow): LogAlert {
  return {
    ...{ id, ruleId: rule_id, ruleName: rule_name, kind, group: group_id, level, title },
    ...{ lines: Number(line_count), at: Number(at_ms) },
  }
}

interface DeliveryRow extends AlertRow {
  alert_id: string
  channel: AlertChannel
  attempts: number
  webhook_url: string | null
  secret_version: number | null
}

function toDelivery({ alert_id, channel, attempts, webhook_url, secret_version, ...row }: DeliveryRow): AlertDelivery {
  return {
    ...{ id: row.id, channel, attempts, alert: toAlert({ ...row, id: alert_id }) },
    webhook:
      webhook_url === null || secret_version === null ? null : { url: webhook_url, secretVersion: secret_version },
  }
}
