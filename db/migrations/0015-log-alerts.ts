import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { addIndex, createTable } from '../schema.ts'

/** What staff are alerted of, what they were alerted of, and how each alert goes to where it is wanted. */
export const logAlerts: Migration = {
  name: '0015-log-alerts',
  async up(context) {
    const { dialect } = context
    const id = columns.id(dialect)
    const group = dialect === 'mysql' ? 'CHAR(16) CHARACTER SET ascii COLLATE ascii_bin' : 'CHAR(16)'
    const required = { allowNull: false }

    await createTable(context, 'log_alert_rules', {
      id: { type: id, primaryKey: true },
      name: { type: columns.text(80), ...required },
      measure: { type: columns.json, ...required },
      filter: { type: columns.json, ...required },
      quiet_ms: { type: columns.int64, ...required },
      channels: { type: columns.json, ...required },
      webhook_url: { type: columns.text(2000), allowNull: true },
      secret_version: { type: columns.int32, ...required },
      is_enabled: { type: columns.int32, ...required },
      created_at_ms: { type: columns.int64, ...required },
      created_by: { type: columns.text(60), ...required },
    })
    await addIndex(context, 'log_alert_rules', ['name'], { name: 'log_alert_rules_name', unique: true })

    // What an alert is of stands in `occasion`: the same is there once, whoever finds it.
    await createTable(context, 'log_alerts', {
      id: { type: id, primaryKey: true },
      rule_id: { type: id, ...required },
      rule_name: { type: columns.text(80), ...required },
      kind: { type: columns.text(10), ...required },
      occasion: { type: columns.text(80), ...required },
      group_id: { type: group, allowNull: true },
      level: { type: columns.text(5), ...required },
      title: { type: columns.text(200), ...required },
      line_count: { type: columns.int64, ...required },
      at_ms: { type: columns.int64, ...required },
    })
    await addIndex(context, 'log_alerts', ['rule_id', 'occasion'], { name: 'log_alerts_occasion', unique: true })
    await addIndex(context, 'log_alerts', ['rule_id', 'id'], { name: 'log_alerts_rule' })
    await addIndex(context, 'log_alerts', ['group_id', 'id'], { name: 'log_alerts_group' })
    await addIndex(context, 'log_alerts', ['at_ms'], { name: 'log_alerts_at' })

    await createTable(context, 'log_alert_deliveries', {
      id: { type: id, primaryKey: true },
      alert_id: { type: id, ...required },
      rule_id: { type: id, ...required },
      channel: { type: columns.text(10), ...required },
      status: { type: columns.text(10), ...required },
      attempts: { type: columns.int32, ...required },
      next_attempt_at_ms: { type: columns.int64, ...required },
      problem: { type: columns.text(300), allowNull: true },
      updated_at_ms: { type: columns.int64, ...required },
    })
    await addIndex(context, 'log_alert_deliveries', ['alert_id', 'channel'], {
      ...{ name: 'log_alert_deliveries_alert', unique: true },
    })
    await addIndex(context, 'log_alert_deliveries', ['status', 'next_attempt_at_ms'], {
      name: 'log_alert_deliveries_due',
    })
    await addIndex(context, 'log_alert_deliveries', ['rule_id', 'id'], { name: 'log_alert_deliveries_rule' })
    await addIndex(context, 'log_alert_deliveries', ['updated_at_ms'], { name: 'log_alert_deliveries_updated' })

    const rule = (ruleId: string, name: string, kind: string) => `
      INSERT INTO log_alert_rules (id, name, measure, filter, quiet_ms, channels, webhook_url, secret_version, is_enabled,
        created_at_ms, created_by)
      SELECT '${ruleId}', '${name}', '{"kind":"${kind}"}', '{"minLevel":"error","source":null,"pattern":null,"group":null}',
        0, '["log","socket"]', NULL, 1, 1, 0, 'system'
      WHERE NOT EXISTS (SELECT 1 FROM log_alert_rules WHERE id = '${ruleId}')`
    await context.run(rule('00000000-0000-7000-8000-000000000001', 'New errors', 'new_group'))
    await context.run(rule('00000000-0000-7000-8000-000000000002', 'Errors that are back', 'regressed'))
  },
}
