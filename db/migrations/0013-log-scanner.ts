import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { addIndex, createTable } from '../schema.ts'

/** How far the followed logs were read, the lines that matched, their groups, and how many there were of each. */
export const logScanner: Migration = {
  name: '0013-log-scanner',
  async up(context) {
    const { dialect } = context
    const id = columns.id(dialect)
    const group = dialect === 'mysql' ? 'CHAR(16) CHARACTER SET ascii COLLATE ascii_bin' : 'CHAR(16)'
    const required = { allowNull: false }
    const level = columns.text(5)
    const status = columns.text(10)
    const source = columns.text(500)

    await createTable(context, 'log_generations', {
      id: { type: id, primaryKey: true },
      source: { type: source, ...required },
      node: { type: columns.text(255), ...required },
      path: { type: columns.text(4096), ...required },
      device: { type: columns.text(20), ...required },
      inode: { type: columns.text(20), ...required },
      head_bytes: { type: columns.int32, ...required },
      head_hash: { type: columns.text(64), ...required },
      offset_bytes: { type: columns.int64, ...required },
      newlines: { type: columns.int64, ...required },
      tail_bytes: { type: columns.int32, ...required },
      tail_hash: { type: columns.text(64), ...required },
      is_ended: { type: columns.int32, ...required },
      losses: { type: columns.json, ...required },
      created_at_ms: { type: columns.int64, ...required },
      updated_at_ms: { type: columns.int64, ...required },
    })
    await addIndex(context, 'log_generations', ['source', 'node', 'is_ended', 'updated_at_ms'], {
      name: 'log_generations_source',
    })

    await createTable(context, 'log_groups', {
      id: { type: group, primaryKey: true },
      version: { type: columns.int32, ...required },
      template: { type: columns.text(8000), ...required },
      title: { type: columns.text(200), ...required },
      level: { type: level, ...required },
      status: { type: status, ...required },
      status_since_ms: { type: columns.int64, ...required },
      ignored_until_ms: { type: columns.int64, allowNull: true },
      ignored_until_count: { type: columns.int64, allowNull: true },
      assignee: { type: id, allowNull: true },
      count: { type: columns.int64, ...required },
      first_seen_ms: { type: columns.int64, ...required },
      last_seen_ms: { type: columns.int64, ...required },
      first_stored_at_ms: { type: columns.int64, ...required },
      patterns: { type: columns.json, ...required },
      sample: { type: columns.text(4096), ...required },
      row_version: { type: columns.int32, ...required },
    })
    // Each ends with what the pages of its list go on from.
    await addIndex(context, 'log_groups', ['status', 'last_seen_ms', 'id'], { name: 'log_groups_status' })
    await addIndex(context, 'log_groups', ['level', 'last_seen_ms', 'id'], { name: 'log_groups_level' })
    await addIndex(context, 'log_groups', ['last_seen_ms', 'id'], { name: 'log_groups_last_seen' })
    await addIndex(context, 'log_groups', ['first_seen_ms', 'id'], { name: 'log_groups_first_seen' })
    await addIndex(context, 'log_groups', ['count', 'id'], { name: 'log_groups_count' })

    await createTable(context, 'log_group_changes', {
      id: { type: id, primaryKey: true },
      group_id: { type: group, ...required },
      at_ms: { type: columns.int64, ...required },
      from_status: { type: status, ...required },
      to_status: { type: status, ...required },
      reason: { type: columns.text(200), ...required },
      actor: { type: columns.text(60), allowNull: true },
    })
    await addIndex(context, 'log_group_changes', ['group_id', 'id'], { name: 'log_group_changes_group' })

    // The key is what makes a line stand here once, however often it was read.
    await createTable(context, 'log_events', {
      generation_id: { type: id, primaryKey: true },
      offset_bytes: { type: columns.int64, primaryKey: true },
      length_bytes: { type: columns.int64, ...required },
      line: { type: columns.int64, ...required },
      level: { type: level, ...required },
      time_ms: { type: columns.int64, allowNull: true },
      seen_at_ms: { type: columns.int64, ...required },
      group_id: { type: group, ...required },
      patterns: { type: columns.json, ...required },
      text: { type: columns.text(4096), allowNull: true },
    })
    await addIndex(context, 'log_events', ['group_id', 'seen_at_ms', 'generation_id', 'offset_bytes'], {
      name: 'log_events_group',
    })
    await addIndex(context, 'log_events', ['seen_at_ms'], { name: 'log_events_seen' })

    await createTable(context, 'log_minutes', {
      bucket_ms: { type: columns.int64, primaryKey: true },
      group_id: { type: group, primaryKey: true },
      level: { type: level, primaryKey: true },
      source: { type: source, primaryKey: true },
      count: { type: columns.int64, ...required },
      texts: { type: columns.int64, ...required },
    })
    await addIndex(context, 'log_minutes', ['group_id', 'bucket_ms'], { name: 'log_minutes_group' })

    await createTable(context, 'log_hours', {
      bucket_ms: { type: columns.int64, primaryKey: true },
      group_id: { type: group, primaryKey: true },
      level: { type: level, primaryKey: true },
      source: { type: source, primaryKey: true },
      count: { type: columns.int64, ...required },
    })
    await addIndex(context, 'log_hours', ['group_id', 'bucket_ms'], { name: 'log_hours_group' })
  },
}
