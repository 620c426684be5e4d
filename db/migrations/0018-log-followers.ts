import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { addColumn, addIndex, createTable } from '../schema.ts'

/** Which process of a machine follows a source, and how far it is; groups that were merged; the patterns that lines matched. */
export const logFollowers: Migration = {
  name: '0018-log-followers',
  async up(context) {
    const { dialect } = context
    const required = { allowNull: false }
    await createTable(context, 'log_followers', {
      node: { type: columns.text(255), primaryKey: true },
      source: { type: columns.text(500), primaryKey: true },
      // Who stopped leaves it empty.
      holder: { type: columns.text(120), ...required },
      beat: { type: columns.int64, ...required },
      paths: { type: columns.json, ...required },
      files: { type: columns.int32, ...required },
      lag_bytes: { type: columns.int64, ...required },
      read_bytes: { type: columns.int64, ...required },
      updated_at_ms: { type: columns.int64, ...required },
    })
    await addIndex(context, 'log_followers', ['source'], { name: 'log_followers_source' })
    await addIndex(context, 'log_followers', ['updated_at_ms'], { name: 'log_followers_updated' })

    await addColumn(context, 'log_generations', 'size_bytes', { type: columns.int64, ...required, defaultValue: 0 })
    await addIndex(context, 'log_generations', ['is_ended', 'updated_at_ms'], { name: 'log_generations_ended' })
    await addIndex(context, 'log_group_changes', ['at_ms'], { name: 'log_group_changes_at' })

    await addColumn(context, 'log_events', 'patterns_version', { type: columns.int64, ...required, defaultValue: 0 })

    // What the hours of all groups come to: sums over weeks read thousands of rows instead of millions.
    await createTable(context, 'log_hour_totals', {
      bucket_ms: { type: columns.int64, primaryKey: true },
      source: { type: columns.text(500), primaryKey: true },
      level: { type: columns.text(5), primaryKey: true },
      count: { type: columns.int64, ...required },
    })
    await context.run(
      `INSERT INTO log_hour_totals (bucket_ms, source, level, count)
       SELECT bucket_ms, source, level, SUM(count) FROM log_hours WHERE NOT EXISTS (SELECT 1 FROM log_hour_totals)
       GROUP BY bucket_ms, source, level`,
    )

    const group = dialect === 'mysql' ? 'CHAR(16) CHARACTER SET ascii COLLATE ascii_bin' : 'CHAR(16)'
    await addColumn(context, 'log_groups', 'merged_into', { type: group, allowNull: true })
    await addIndex(context, 'log_groups', ['merged_into'], { name: 'log_groups_merged' })
  },
}
