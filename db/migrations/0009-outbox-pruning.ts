import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { createTable } from '../schema.ts'

/** From when on every published event is still there. */
export const outboxPruning: Migration = {
  name: '0009-outbox-pruning',
  async up(context) {
    await createTable(context, 'outbox_pruning', {
      id: { type: columns.int32, primaryKey: true },
      before_ms: { type: columns.int64, allowNull: false },
    })
    await context.run(
      'INSERT INTO outbox_pruning (id, before_ms) SELECT 1, 0 WHERE NOT EXISTS (SELECT 1 FROM outbox_pruning)',
    )
  },
}
