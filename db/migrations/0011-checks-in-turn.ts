import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { addColumn, addIndex, removeIndex } from '../schema.ts'

/** Finds the deposits to ask the gateway about, those whose payer is awaited apart from those that are over. */
export const checksInTurn: Migration = {
  name: '0011-checks-in-turn',
  async up(context) {
    await addColumn(context, 'deposits', 'is_open', { type: columns.int32, allowNull: false, defaultValue: 1 })
    await context.run(
      "UPDATE deposits SET is_open = 0 WHERE status NOT IN ('created', 'pending', 'partially_paid', 'processing')",
    )
    await addIndex(context, 'deposits', ['is_open', 'next_check_at_ms'], { name: 'deposits_checks' })
    await removeIndex(context, 'deposits', 'deposits_due')
  },
}
