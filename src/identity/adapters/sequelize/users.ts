import { DataTypes, type Model, type Sequelize } from 'sequelize'
import { roles as knownRoles, type Role } from '../../../kernel/actor.ts'
import { columns, type Int64 } from '../../../platform/database/columns.ts'
import type { Reader, Tx } from '../../../platform/database/database.ts'
import { isDuplicate } from '../../../platform/database/failures.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { UserReader, UserWriter } from '../../app/store-port.ts'
import type { User, UserStatus } from '../../domain/user.ts'

export function defineUsers(sequelize: Sequelize) {
  return sequelize.define<Model<NewRow, NewRow>>('users', {
    id: { type: DataTypes.CHAR(36), primaryKey: true },
    email: columns.text(254),
    handle: columns.text(30),
    displayName: columns.text(80),
    passwordHash: columns.text(200),
    passwordChangedAtMs: columns.int64,
    roles: columns.text(60),
    status: columns.text(20),
    createdAtMs: columns.int64,
  })
}

interface NewRow extends Pick<User, 'id' | 'email' | 'handle' | 'displayName' | 'passwordHash' | 'status'> {
  passwordChangedAtMs: number
  roles: string
  createdAtMs: number
}

interface UserRow {
  id: string
  email: string
  handle: string
  display_name: string
  password_hash: string
  password_changed_at_ms: Int64
  roles: string
  status: UserStatus
  totp_secret: string | null
  totp_pending_secret: string | null
  totp_last_step: Int64 | null
  created_at_ms: Int64
}

const userColumns = `id, email, handle, display_name, password_hash, password_changed_at_ms, roles, status,
  totp_secret, totp_pending_secret, totp_last_step, created_at_ms`

/** Writes the most powerful role first: the index on roles then keeps the admins together. */
function writeRoles(roles: readonly Role[]): string {
  return knownRoles
    .filter((role) => roles.includes(role))
    .reverse()
    .join(',')
}

export function readRoles(written: string): Role[] {
  const names = written.split(',')
  return knownRoles.filter((role) => names.includes(role))
}

function toUser(row: UserRow): User {
  return {
    id: row.id,
    email: row.email,
    handle: row.handle,
    displayName: row.display_name,
    passwordHash: row.password_hash,
    passwordChangedAt: new Date(Number(row.password_changed_at_ms)),
    roles: readRoles(row.roles),
    status: row.status,
    totpSecret: row.totp_secret,
    totpPendingSecret: row.totp_pending_secret,
    totpLastStep: row.totp_last_step === null ? null : Number(row.totp_last_step),
    createdAt: new Date(Number(row.created_at_ms)),
  }
}

export function userReader(reader: Reader): UserReader {
  async function one(condition: string, value: string): Promise<User | null> {
    const [row] = await reader.select<UserRow>(`SELECT ${userColumns} FROM users WHERE ${condition}`, { value })
    return row === undefined ? null : toUser(row)
  }
  return {
    byId: (id) => one('id = :value', id),
    byEmail: (email) => one('email = :value', email),
    byHandle: (handle) => one('handle = :value', handle),
    async handlesOf(ids) {
      if (ids.length === 0) return []
      return reader.select<Pick<UserRow, 'id' | 'handle'>>('SELECT id, handle FROM users WHERE id IN (:ids)', { ids })
    },
    async adminExists() {
      return (await reader.select("SELECT id FROM users WHERE roles LIKE 'admin%' LIMIT 1")).length > 0
    },
  }
}

export function userWriter(tx: Tx, users: ReturnType<typeof defineUsers>): UserWriter {
  const forUpdate = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''
  const reader = userReader(tx)
  return {
    ...reader,
    async insert({ passwordChangedAt, createdAt, roles, ...user }) {
      const { id, email, handle, displayName, passwordHash, status } = user
      const times = { passwordChangedAtMs: passwordChangedAt.getTime(), createdAtMs: createdAt.getTime() }
      try {
        await insertRows(tx, users, [
          { id, email, handle, displayName, passwordHash, status, roles: writeRoles(roles), ...times },
        ])
        return true
      } catch (error) {
        if (isDuplicate(error)) return false
        throw error
      }
    },
    async lock(id) {
      const [row] = await tx.select<UserRow>(`SELECT ${userColumns} FROM users WHERE id = :id ${forUpdate}`, { id })
      return row === undefined ? null : toUser(row)
    },
    async setPassword(id, passwordHash, now) {
      const nowMs = now.getTime()
      await tx.change(
        'UPDATE users SET password_hash = :passwordHash, password_changed_at_ms = :nowMs WHERE id = :id',
        { id, passwordHash, nowMs },
      )
    },
    async setPendingTotp(id, sealedSecret) {
      const sql = 'UPDATE users SET totp_pending_secret = :sealedSecret WHERE id = :id AND totp_secret IS NULL'
      return (await tx.change(sql, { id, sealedSecret })) > 0
    },
    async enableTotp(id, pendingSecret, step) {
      const sql = `UPDATE users SET totp_secret = :pendingSecret, totp_pending_secret = NULL, totp_last_step = :step
        WHERE id = :id AND totp_secret IS NULL AND totp_pending_secret = :pendingSecret`
      return (await tx.change(sql, { id, pendingSecret, step })) > 0
    },
    async useTotpStep(id, sealedSecret, step) {
      const sql = `UPDATE users SET totp_last_step = :step
        WHERE id = :id AND totp_secret = :sealedSecret AND (totp_last_step IS NULL OR totp_last_step < :step)`
      return (await tx.change(sql, { id, sealedSecret, step })) > 0
    },
    async disableTotp(id) {
      await tx.change(
        'UPDATE users SET totp_secret = NULL, totp_pending_secret = NULL, totp_last_step = NULL WHERE id = :id',
        { id },
      )
    },
  }
}
