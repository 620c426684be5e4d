import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { addIndex, createTable } from '../schema.ts'

/** Accounts, their sessions, recovery codes and password resets. */
export const identity: Migration = {
  name: '0002-identity',
  async up(context) {
    const id = columns.id(context.dialect)
    const userId = { type: id, allowNull: false, references: { model: 'users', key: 'id' } }
    const timeMs = { type: columns.int64, allowNull: false }

    await createTable(context, 'users', {
      id: { type: id, primaryKey: true },
      email: { type: columns.text(254), allowNull: false },
      handle: { type: columns.text(30), allowNull: false },
      display_name: { type: columns.text(80), allowNull: false },
      password_hash: { type: columns.text(200), allowNull: false },
      password_changed_at_ms: timeMs,
      // Comma list, the most powerful role first: the admins are one range of the index.
      roles: { type: columns.text(60), allowNull: false },
      status: { type: columns.text(20), allowNull: false },
      totp_secret: { type: columns.text(200), allowNull: true },
      totp_pending_secret: { type: columns.text(200), allowNull: true },
      totp_last_step: { type: columns.int64, allowNull: true },
      created_at_ms: timeMs,
    })
    await addIndex(context, 'users', ['email'], { name: 'users_email', unique: true })
    await addIndex(context, 'users', ['handle'], { name: 'users_handle', unique: true })
    await addIndex(context, 'users', ['roles', 'id'], { name: 'users_roles' })

    await createTable(context, 'sessions', {
      id: { type: id, primaryKey: true },
      user_id: userId,
      nonce: { type: columns.text(64), allowNull: false },
      refresh_counter: { type: columns.int32, allowNull: false },
      created_at_ms: timeMs,
      last_used_at_ms: timeMs,
      rotated_at_ms: timeMs,
      expires_at_ms: timeMs,
      revoked_at_ms: { type: columns.int64, allowNull: true },
      revoke_reason: { type: columns.text(30), allowNull: true },
      user_agent: { type: columns.text(200), allowNull: true },
      address: { type: columns.text(64), allowNull: true },
    })
    await addIndex(context, 'sessions', ['user_id', 'revoked_at_ms'], { name: 'sessions_user' })
    await addIndex(context, 'sessions', ['expires_at_ms'], { name: 'sessions_expiry' })

    await createTable(context, 'recovery_codes', {
      user_id: { ...userId, primaryKey: true },
      code_hash: { type: columns.text(64), primaryKey: true },
    })

    await createTable(context, 'password_resets', {
      token_hash: { type: columns.text(64), primaryKey: true },
      user_id: userId,
      created_at_ms: timeMs,
      expires_at_ms: timeMs,
      used_at_ms: { type: columns.int64, allowNull: true },
    })
    await addIndex(context, 'password_resets', ['user_id'], { name: 'password_resets_user' })
    await addIndex(context, 'password_resets', ['expires_at_ms'], { name: 'password_resets_expiry' })
  },
}
