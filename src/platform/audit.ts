import { DataTypes, type Model } from 'sequelize'
import type { Clock } from '../kernel/clock.ts'
import type { Ids } from '../kernel/ids.ts'
import { columns, type Int64 } from './database/columns.ts'
import type { Database, Reader, Tx } from './database/database.ts'
import { insertRows } from './database/insert.ts'

/** What somebody did. Written in the transaction that did it, never changed afterwards. */
export interface AuditEntry {
  /** `user:<id>`, `staff:<id>`, `provider:<name>` or `system`. */
  readonly actor: string
  /** `deposit.settled`, `auth.login`, ... */
  readonly action: string
  /** `deposit:<id>`, `user:<id>`, ... */
  readonly subject: string
  readonly details: Readonly<Record<string, unknown>>
}

export interface AuditRecord extends AuditEntry {
  readonly id: string
  readonly at: Date
}

interface AuditRow {
  id: string
  atMs: Int64 | number
  actor: string
  action: string
  subject: string
  details: string
}

export interface Audit {
  record(tx: Tx, entries: readonly AuditEntry[]): Promise<void>
  /** Whether the same stands there already, whenever it was. */
  holds(tx: Tx, entry: AuditEntry): Promise<boolean>
  /** The newest about one subject, at most `limit`, oldest first. */
  of(reader: Reader, subject: string, limit: number): Promise<AuditRecord[]>
}

export function createAudit({ database, clock, ids }: { database: Database; clock: Clock; ids: Ids }): Audit {
  const rows = database.sequelize.define<Model<AuditRow, AuditRow>>('audit_log', {
    id: { type: DataTypes.CHAR(36), primaryKey: true },
    atMs: columns.int64,
    actor: columns.text(60),
    action: columns.text(60),
    subject: columns.text(80),
    details: DataTypes.TEXT,
  })
  return {
    async record(tx, entries) {
      if (entries.length === 0) return
      const atMs = clock.now().getTime()
      const records = entries.map(({ details, ...entry }) => ({
        id: ids.next(),
        atMs,
        ...entry,
        details: JSON.stringify(details),
      }))
      await insertRows(tx, rows, records)
    },
    async holds(tx, { details, ...entry }) {
      const found = await tx.select(
        `SELECT id FROM audit_log WHERE subject = :subject AND action = :action AND actor = :actor AND details = :details LIMIT 1`,
        { ...entry, details: JSON.stringify(details) },
      )
      return found.length > 0
    },
    async of(reader, subject, limit) {
      const found = await reader.select<StoredAuditRow>(
        `SELECT ${auditColumns} FROM audit_log WHERE subject = :subject ORDER BY id DESC LIMIT :limit`,
        { subject, limit },
      )
      return found.reverse().map(({ at_ms, details, ...row }) => ({
        ...row,
        at: new Date(Number(at_ms)),
        details: JSON.parse(details),
      }))
    },
  }
}

export interface StoredAuditRow extends Omit<AuditRow, 'atMs'> {
  at_ms: Int64
}

export const auditColumns = 'id, at_ms, actor, action, subject, details'
