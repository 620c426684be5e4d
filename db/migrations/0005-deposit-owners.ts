import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { addColumn, addIndex, createTable } from '../schema.ts'

/** Whose deposit has a payment address, and a row of each owner for new deposits to queue at. */
export const depositOwners: Migration = {
  name: '0005-deposit-owners',
  async up(context) {
    const { dialect, run } = context
    const id = columns.id(dialect)
    await createTable(context, 'deposit_owners', { owner_id: { type: id, primaryKey: true } })
    await addColumn(context, 'payment_addresses', 'owner_id', { type: id, allowNull: true })
    await run(
      'UPDATE payment_addresses SET owner_id = (SELECT d.owner_id FROM deposits d WHERE d.id = payment_addresses.deposit_id)',
    )
    await addIndex(context, 'payment_addresses', ['owner_id', 'status', 'until_ms'], {
      name: 'payment_addresses_owner',
    })
  },
}
