import { DataTypes, type Model, type Sequelize } from 'sequelize'
import { clientNetwork } from '../../../kernel/client-info.ts'
import { columns, type Int64 } from '../../../platform/database/columns.ts'
import type { Reader, Tx } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { SessionReader, SessionWriter } from '../../app/store-port.ts'
import type { Session } from '../../domain/session.ts'
import type { UserStatus } from '../../domain/user.ts'
import { readRoles } from './users.ts'

export function defineSessions(sequelize: Sequelize) {
  return sequelize.define<Model<NewRow, NewRow>>('sessions', {
    id: { type: DataTypes.CHAR(36), primaryKey: true },
    userId: DataTypes.CHAR(36),
    nonce: columns.text(64),
    refreshCounter: columns.int32,
    createdAtMs: columns.int64,
    lastUsedAtMs: columns.int64,
    rotatedAtMs: columns.int64,
    expiresAtMs: columns.int64,
    userAgent: columns.text(200),
    address: columns.text(64),
    totpProven: columns.int32,
    network: columns.text(64),
  })
}

interface NewRow extends Pick<Session, 'id' | 'userId' | 'nonce' | 'refreshCounter' | 'userAgent' | 'address'> {
  createdAtMs: number
  lastUsedAtMs: number
  rotatedAtMs: number
  expiresAtMs: number
  totpProven: number
  network: string | null
}

interface SessionRow {
  id: string
  user_id: string
  nonce: string
  refresh_counter: number
  created_at_ms: Int64
  last_used_at_ms: Int64
  rotated_at_ms: Int64
  expires_at_ms: Int64
  revoked_at_ms: Int64 | null
  user_agent: string | null
  address: string | null
  totp_proven: number
}

interface OwnerRow extends SessionRow {
  email: string
  handle: string
  display_name: string
  roles: string
  status: UserStatus
  totp_secret: string | null
  owner_created_at_ms: Int64
}

const sessionColumns = `s.id, s.user_id, s.nonce, s.refresh_counter, s.created_at_ms, s.last_used_at_ms, s.rotated_at_ms,
  s.expires_at_ms, s.revoked_at_ms, s.user_agent, s.address, s.totp_proven`
const ownerColumns =
  'u.email, u.handle, u.display_name, u.roles, u.status, u.totp_secret, u.created_at_ms AS owner_created_at_ms'
const open = `SELECT ${sessionColumns} FROM sessions s
  WHERE s.user_id = :userId AND s.revoked_at_ms IS NULL AND s.expires_at_ms > :nowMs ORDER BY s.created_at_ms DESC, s.id DESC`

function toSession(row: SessionRow): Session {
  const time = (ms: Int64) => new Date(Number(ms))
  return {
    id: row.id,
    userId: row.user_id,
    nonce: row.nonce,
    refreshCounter: row.refresh_counter,
    createdAt: time(row.created_at_ms),
    lastUsedAt: time(row.last_used_at_ms),
    rotatedAt: time(row.rotated_at_ms),
    expiresAt: time(row.expires_at_ms),
    revokedAt: row.revoked_at_ms === null ? null : time(row.revoked_at_ms),
    userAgent: row.user_agent,
    address: row.address,
    totpProven: row.totp_proven === 1,
  }
}

export function sessionReader(reader: Reader): SessionReader {
  return {
    async find(id) {
      const [row] = await reader.select<OwnerRow>(
        `SELECT ${sessionColumns}, ${ownerColumns} FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = :id`,
        { id },
      )
      if (row === undefined) return null
      const { email, handle, status } = row
      const owner = {
        ...{ id: row.user_id, email, handle, status },
        displayName: row.display_name,
        roles: readRoles(row.roles),
        totpSecret: row.totp_secret,
        createdAt: new Date(Number(row.owner_created_at_ms)),
      }
      return { session: toSession(row), owner }
    },
    async openOf(userId, now) {
      return (await reader.select<SessionRow>(open, { userId, nowMs: now.getTime() })).map(toSession)
    },
    async wasOpenedFrom(userId, network) {
      const sql = 'SELECT id FROM sessions WHERE user_id = :userId AND network = :network LIMIT 1'
      return (await reader.select(sql, { userId, network })).length > 0
    },
  }
}

export function sessionWriter(tx: Tx, sessions: ReturnType<typeof defineSessions>): SessionWriter {
  const forUpdate = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''
  return {
    ...sessionReader(tx),
    async insert({ id, userId, nonce, refreshCounter, userAgent, address, totpProven, ...times }) {
      await insertRows(tx, sessions, [
        {
          ...{ id, userId, nonce, refreshCounter, userAgent, address },
          createdAtMs: times.createdAt.getTime(),
          lastUsedAtMs: times.lastUsedAt.getTime(),
          rotatedAtMs: times.rotatedAt.getTime(),
          expiresAtMs: times.expiresAt.getTime(),
          totpProven: totpProven ? 1 : 0,
          network: address === null ? null : clientNetwork(address),
        },
      ])
    },
    async rotate(id, counter, { now, expiresAt }) {
      const matched = await tx.change(
        `UPDATE sessions SET refresh_counter = :counter + 1, rotated_at_ms = :nowMs, last_used_at_ms = :nowMs, expires_at_ms = :expiresAtMs
          WHERE id = :id AND refresh_counter = :counter AND revoked_at_ms IS NULL AND expires_at_ms > :nowMs`,
        { id, counter, nowMs: now.getTime(), expiresAtMs: expiresAt.getTime() },
      )
      return matched > 0
    },
    async lockOpenOf(userId, now) {
      return (await tx.select<SessionRow>(`${open} ${forUpdate}`, { userId, nowMs: now.getTime() })).map(toSession)
    },
    async proveTotp(id) {
      await tx.change('UPDATE sessions SET totp_proven = 1 WHERE id = :id', { id })
    },
    async forgetTotp(userId) {
      await tx.change('UPDATE sessions SET totp_proven = 0 WHERE user_id = :userId', { userId })
    },
    async end(ids, reason, now) {
      const sql =
        'UPDATE sessions SET revoked_at_ms = :nowMs, revoke_reason = :reason WHERE id IN (:ids) AND revoked_at_ms IS NULL'
      return tx.change(sql, { ids, reason, nowMs: now.getTime() })
    },
  }
}
