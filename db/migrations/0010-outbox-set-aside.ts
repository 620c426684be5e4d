import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { addColumn, addIndex, removeIndex } from '../schema.ts'

/** Events that were set aside are told apart in the index: who looks for due ones passes them by. */
export const outboxSetAside: Migration = {
  name: '0010-outbox-set-aside',
  async up(context) {
    await addColumn(context, 'outbox', 'set_aside', { type: columns.int32, allowNull: false, defaultValue: 0 })
    await context.run(
      `UPDATE outbox SET set_aside = 1 WHERE published_at_ms IS NULL
         AND id IN (SELECT event_id FROM outbox_failures WHERE next_attempt_at_ms IS NULL)`,
    )
    await addIndex(context, 'outbox', ['published_at_ms', 'set_aside', 'id'], { name: 'outbox_due' })
    await removeIndex(context, 'outbox', 'outbox_unpublished')
    await addIndex(context, 'outbox_failures', ['next_attempt_at_ms', 'subject'], { name: 'outbox_failures_waiting' })
  },
}
