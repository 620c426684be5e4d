import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { addColumn } from '../schema.ts'

/** Each session says whether the second factor was proven in it. */
export const sessionFactors: Migration = {
  name: '0012-session-factors',
  async up(context) {
    await addColumn(context, 'sessions', 'totp_proven', { type: columns.int32, allowNull: false, defaultValue: 0 })
    // Nothing tells which of the older ones proved it: who has a second factor signs in anew.
    await context.run(
      `UPDATE sessions SET revoked_at_ms = last_used_at_ms, revoke_reason = 'totp_enabled'
         WHERE revoked_at_ms IS NULL AND totp_proven = 0
           AND user_id IN (SELECT id FROM users WHERE totp_secret IS NOT NULL)`,
    )
  },
}
