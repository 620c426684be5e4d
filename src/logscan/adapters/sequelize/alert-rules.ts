import { z } from 'zod'
import { type Page, type PageRequest, toPage } from '../../../kernel/page.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader, Tx } from '../../../platform/database/database.ts'
import { isDuplicate } from '../../../platform/database/failures.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { AlertRuleReads, AlertRuleWrites } from '../../app/alert-ports.ts'
import { type AlertRule, alertChannels } from '../../domain/alert/alert-rule.ts'
import { levels } from '../../domain/log-pattern.ts'
import type { AlertModels } from './alert-models.ts'

interface RuleRow {
  id: string
  name: string
  measure: string
  filter: string
  quiet_ms: Int64
  channels: string
  webhook_url: string | null
  secret_version: number
  is_enabled: number
  created_at_ms: Int64
}

const count = z.number().int().min(1)
const Measure = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['new_group', 'regressed']) }),
  z.object({ kind: z.literal('rate'), windowMs: count, threshold: count }),
  z.object({
    ...{ kind: z.literal('spike'), windowMs: count, threshold: count },
    ...{ factor: z.number().min(1), windows: count },
  }),
])
const text = z.string().nullable()
const Filter = z.object({ minLevel: z.enum(levels), source: text, pattern: text, group: text })
const Channels = z.array(z.enum(alertChannels))

const select = `SELECT id, name, measure, filter, quiet_ms, channels, webhook_url, secret_version, is_enabled, created_at_ms
  FROM log_alert_rules`

export function alertRuleReads(reader: Reader): AlertRuleReads {
  return {
    enabled: async () => (await reader.select<RuleRow>(`${select} WHERE is_enabled = 1 ORDER BY id`)).map(toRule),
  }
}

/** Newest first. */
export async function alertRulePage(reader: Reader, { beforeId, limit }: PageRequest): Promise<Page<AlertRule>> {
  const rows = await reader.select<RuleRow>(
    `${select} ${beforeId === null ? '' : 'WHERE id < :beforeId'} ORDER BY id DESC LIMIT :rows`,
    { beforeId, rows: limit + 1 },
  )
  return toPage(rows.map(toRule), limit)
}

export function alertRuleWrites(tx: Tx, models: AlertModels): AlertRuleWrites {
  const lock = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''
  return {
    async count() {
      const [row] = await tx.select<{ rules: number | string }>('SELECT COUNT(*) AS rules FROM log_alert_rules')
      return Number(row?.rules ?? 0)
    },

    async insert({ id, name, createdAt, secretVersion, ...rule }, createdBy) {
      const row = { id, name, secretVersion, createdBy, createdAtMs: createdAt, ...changeable(rule) }
      return isDone(() => insertRows(tx, models.rules, [row]))
    },

    async lock(id) {
      const [row] = await tx.select<RuleRow>(`${select} WHERE id = :id ${lock}`, { id })
      return row === undefined ? null : toRule(row)
    },

    save: ({ id, name, secretVersion, ...rule }) =>
      isDone(() =>
        tx.change(
          `UPDATE log_alert_rules SET name = :name, measure = :measure, filter = :filter, quiet_ms = :quietMs,
             channels = :channels, webhook_url = :webhookUrl, secret_version = :secretVersion, is_enabled = :isEnabled
           WHERE id = :id`,
          { id, name, secretVersion, ...changeable(rule) },
        ),
      ),

    async remove(id) {
      await tx.change('DELETE FROM log_alert_rules WHERE id = :id', { id })
    },
  }
}

/** False if its name is another's. */
async function isDone(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write()
    return true
  } catch (error) {
    if (isDuplicate(error)) return false
    throw error
  }
}

type Changeable = Pick<AlertRule, 'measure' | 'filter' | 'quietMs' | 'channels' | 'webhookUrl' | 'isEnabled'>

function changeable({ measure, filter, quietMs, channels, webhookUrl, isEnabled }: Changeable) {
  return {
    ...{ measure: JSON.stringify(measure), filter: JSON.stringify(filter), channels: JSON.stringify(channels) },
    ...{ quietMs, webhookUrl, isEnabled: isEnabled ? 1 : 0 },
  }
}

function toRule({ id, name, measure, filter, channels, ...row }: RuleRow): AlertRule {
  return {
    ...{ id, name, measure: Measure.parse(JSON.parse(measure)), filter: Filter.parse(JSON.parse(filter)) },
    quietMs: Number(row.quiet_ms),
    channels: Channels.parse(JSON.parse(channels)),
    webhookUrl: row.webhook_url,
    secretVersion: row.secret_version,
    isEnabled: row.is_enabled === 1,
    createdAt: Number(row.created_at_ms),
  }
}
