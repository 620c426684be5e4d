import { DataTypes, type Model, type Sequelize } from 'sequelize'
import { columns, type Int64 } from '../../../platform/database/columns.ts'
import type { Reader, Tx } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { PasswordReset, PasswordResetWriter, RecoveryCodeWriter } from '../../app/store-port.ts'

interface CodeRow {
  userId: string
  codeHash: string
}

export function defineRecoveryCodes(sequelize: Sequelize) {
  return sequelize.define<Model<CodeRow, CodeRow>>('recovery_codes', {
    userId: { type: DataTypes.CHAR(36), primaryKey: true },
    codeHash: { type: columns.text(64), primaryKey: true },
  })
}

export function recoveryCodeWriter(tx: Tx, codes: ReturnType<typeof defineRecoveryCodes>): RecoveryCodeWriter {
  return {
    async replace(userId, hashes) {
      await tx.change('DELETE FROM recovery_codes WHERE user_id = :userId', { userId })
      await insertRows(
        tx,
        codes,
        hashes.map((codeHash) => ({ userId, codeHash })),
      )
    },
    async use(userId, hash) {
      return (
        (await tx.change('DELETE FROM recovery_codes WHERE user_id = :userId AND code_hash = :hash', {
          userId,
          hash,
        })) > 0
      )
    },
  }
}

interface NewResetRow {
  tokenHash: string
  userId: string
  createdAtMs: number
  expiresAtMs: number
}

interface ResetRow {
  token_hash: string
  user_id: string
  created_at_ms: Int64
  expires_at_ms: Int64
}

export function definePasswordResets(sequelize: Sequelize) {
  return sequelize.define<Model<NewResetRow, NewResetRow>>('password_resets', {
    tokenHash: { type: columns.text(64), primaryKey: true },
    userId: DataTypes.CHAR(36),
    createdAtMs: columns.int64,
    expiresAtMs: columns.int64,
  })
}

export async function findPasswordReset(reader: Reader, tokenHash: string): Promise<PasswordReset | null> {
  const sql =
    'SELECT token_hash, user_id, created_at_ms, expires_at_ms FROM password_resets WHERE token_hash = :tokenHash'
  const [row] = await reader.select<ResetRow>(sql, { tokenHash })
  if (row === undefined) return null
  const { token_hash, user_id: userId, created_at_ms, expires_at_ms } = row
  return {
    tokenHash: token_hash,
    userId,
    createdAt: new Date(Number(created_at_ms)),
    expiresAt: new Date(Number(expires_at_ms)),
  }
}

export function passwordResetWriter(tx: Tx, resets: ReturnType<typeof definePasswordResets>): PasswordResetWriter {
  return {
    async insert({ tokenHash, userId, createdAt, expiresAt }) {
      const row = { tokenHash, userId, createdAtMs: createdAt.getTime(), expiresAtMs: expiresAt.getTime() }
      await insertRows(tx, resets, [row])
    },
    async use(tokenHash, now) {
      const sql = `UPDATE password_resets SET used_at_ms = :nowMs
        WHERE token_hash = :tokenHash AND used_at_ms IS NULL AND expires_at_ms > :nowMs`
      return (await tx.change(sql, { tokenHash, nowMs: now.getTime() })) > 0
    },
    async useAll(userId, now) {
      const sql = 'UPDATE password_resets SET used_at_ms = :nowMs WHERE user_id = :userId AND used_at_ms IS NULL'
      await tx.change(sql, { userId, nowMs: now.getTime() })
    },
  }
}
