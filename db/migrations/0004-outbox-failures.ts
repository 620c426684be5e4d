import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { addIndex, createTable } from '../schema.ts'

/** Events that could not be published: when each is tried again, and those that are set aside. */
export const outboxFailures: Migration = {
  name: '0004-outbox-failures',
  async up(context) {
    const required = { allowNull: false }
    await createTable(context, 'outbox_failures', {
      event_id: { type: columns.id(context.dialect), primaryKey: true },
      subject: { type: columns.text(80), ...required },
      attempts: { type: columns.int32, ...required },
      failed_at_ms: { type: columns.int64, ...required },
      next_attempt_at_ms: { type: columns.int64, allowNull: true },
      failure: { type: columns.text(200), ...required },
    })
    await addIndex(context, 'outbox_failures', ['subject', 'next_attempt_at_ms'], {
      name: 'outbox_failures_subject',
    })
  },
}
