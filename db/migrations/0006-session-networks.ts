import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { addColumn, addIndex } from '../schema.ts'

/** From which networks an account has signed in: those that strangers cannot lock it out of. */
export const sessionNetworks: Migration = {
  name: '0006-session-networks',
  async up(context) {
    await addColumn(context, 'sessions', 'network', { type: columns.text(64), allowNull: true })
    // Of IPv4 the address is the network; who sits at IPv6 is known again from the next sign-in on.
    await context.run("UPDATE sessions SET network = address WHERE address NOT LIKE '%:%'")
    await addIndex(context, 'sessions', ['user_id', 'network'], { name: 'sessions_network' })
  },
}
