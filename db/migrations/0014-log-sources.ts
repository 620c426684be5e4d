import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { addIndex, createTable } from '../schema.ts'

/** What the Log Scanner looks for, and where. */
export const logSources: Migration = {
  name: '0014-log-sources',
  async up(context) {
    const { dialect } = context
    const id = columns.id(dialect)
    const required = { allowNull: false }

    // Built-in patterns have a row only once they were switched: it says neither `regex` nor `any_of`.
    await createTable(context, 'log_patterns', {
      id: { type: columns.text(60), primaryKey: true },
      title: { type: columns.text(200), ...required },
      level: { type: columns.text(5), ...required },
      regex: { type: columns.json, allowNull: true },
      any_of: { type: columns.json, allowNull: true },
      ignore_case: { type: columns.int32, ...required },
      is_enabled: { type: columns.int32, ...required },
      version: { type: columns.int64, ...required },
      created_at_ms: { type: columns.int64, ...required },
      updated_at_ms: { type: columns.int64, ...required },
    })
    await createTable(context, 'log_pattern_versions', {
      version: { type: columns.int64, primaryKey: true },
      at_ms: { type: columns.int64, ...required },
      actor: { type: columns.text(60), ...required },
    })
    // The first version is there from the start: who changes the patterns locks its row.
    await context.run(
      `INSERT INTO log_pattern_versions (version, at_ms, actor)
       SELECT 0, 0, 'system' WHERE NOT EXISTS (SELECT 1 FROM log_pattern_versions)`,
    )

    await createTable(context, 'log_sources', {
      id: { type: id, primaryKey: true },
      name: { type: columns.text(80), ...required },
      paths: { type: columns.json, ...required },
      is_paused: { type: columns.int32, ...required },
      created_at_ms: { type: columns.int64, ...required },
      created_by: { type: columns.text(60), ...required },
    })
    await addIndex(context, 'log_sources', ['name'], { name: 'log_sources_name', unique: true })

    // Of which sources a group has lines.
    await addIndex(context, 'log_hours', ['group_id', 'source'], { name: 'log_hours_source' })
  },
}
