import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { addIndex, createTable } from '../schema.ts'

/** Scans of whole files that staff started, and what came of them. */
export const logScans: Migration = {
  name: '0016-log-scans',
  async up(context) {
    const required = { allowNull: false }
    const optional = { allowNull: true }
    await createTable(context, 'log_scans', {
      id: { type: columns.id(context.dialect), primaryKey: true },
      node: { type: columns.text(255), ...optional },
      paths: { type: columns.json, ...required },
      source: { type: columns.text(80), ...required },
      keeps: { type: columns.int32, ...required },
      since_ms: { type: columns.int64, ...optional },
      until_ms: { type: columns.int64, ...optional },
      status: { type: columns.text(10), ...required },
      holder: { type: columns.text(120), ...required },
      lease_until_ms: { type: columns.int64, ...required },
      attempts: { type: columns.int32, ...required },
      patterns_version: { type: columns.int64, ...required },
      files: { type: columns.int32, ...required },
      bytes_total: { type: columns.int64, ...required },
      bytes_read: { type: columns.int64, ...required },
      lines_matched: { type: columns.int64, ...required },
      lines_kept: { type: columns.int64, ...required },
      problem: { type: columns.text(300), ...optional },
      result: { type: columns.json, ...optional },
      version: { type: columns.int32, ...required },
      created_at_ms: { type: columns.int64, ...required },
      created_by: { type: columns.text(60), ...required },
      started_at_ms: { type: columns.int64, ...optional },
      ended_at_ms: { type: columns.int64, ...optional },
    })
    await addIndex(context, 'log_scans', ['status', 'id'], { name: 'log_scans_status' })
    await addIndex(context, 'log_scans', ['created_at_ms'], { name: 'log_scans_created' })
    await addIndex(context, 'log_generations', ['node', 'device', 'inode'], { name: 'log_generations_file' })
  },
}
