import type { Audit } from '../../../platform/audit.ts'
import type { Database, Tx } from '../../../platform/database/database.ts'
import type { Outbox } from '../../../platform/outbox.ts'
import type { IdentityStore, IdentityTx } from '../../app/store-port.ts'
import {
  definePasswordResets,
  defineRecoveryCodes,
  findPasswordReset,
  passwordResetWriter,
  recoveryCodeWriter,
} from './credentials.ts'
import { defineSessions, sessionReader, sessionWriter } from './sessions.ts'
import { defineUsers, userReader, userWriter } from './users.ts'

interface StoreDeps {
  readonly database: Database
  readonly outbox: Outbox
  readonly audit: Audit
}

export function createIdentityStore({ database, outbox, audit }: StoreDeps): IdentityStore {
  const { sequelize } = database
  const users = defineUsers(sequelize)
  const sessions = defineSessions(sequelize)
  const recoveryCodes = defineRecoveryCodes(sequelize)
  const passwordResets = definePasswordResets(sequelize)

  function bind(tx: Tx): IdentityTx {
    return {
      users: userWriter(tx, users),
      sessions: sessionWriter(tx, sessions),
      recoveryCodes: recoveryCodeWriter(tx, recoveryCodes),
      passwordResets: passwordResetWriter(tx, passwordResets),
      record: (...lines) => audit.record(tx, lines),
      async announce(...events) {
        await outbox.append(tx, events)
      },
    }
  }

  /** Looks without a lock first, and deletes by key: the rows are dead, nobody else touches them. */
  async function pruneTable(
    table: 'sessions' | 'password_resets',
    key: string,
    nowMs: number,
    limit: number,
  ): Promise<number> {
    const rows = await database.select<{ row_key: string }>(
      `SELECT ${key} AS row_key FROM ${table} WHERE expires_at_ms <= :nowMs ORDER BY expires_at_ms LIMIT :limit`,
      { nowMs, limit },
    )
    if (rows.length === 0) return 0
    const keys = rows.map(({ row_key }) => row_key)
    return database.transaction((tx) =>
      tx.change(`DELETE FROM ${table} WHERE ${key} IN (:keys) AND expires_at_ms <= :nowMs`, { keys, nowMs }),
    )
  }

  return {
    users: userReader(database),
    sessions: sessionReader(database),
    passwordResets: { find: (tokenHash) => findPasswordReset(database, tokenHash) },
    transaction: (work) => database.transaction((tx) => work(bind(tx))),
    async prune(now, limit) {
      const ended = await pruneTable('sessions', 'id', now.getTime(), limit)
      return ended + (await pruneTable('password_resets', 'token_hash', now.getTime(), limit))
    },
  }
}
