import { createHash } from 'node:crypto'
import { DataTypes, type Model } from 'sequelize'
import type { Clock } from '../kernel/clock.ts'
import type { Ids } from '../kernel/ids.ts'
import { columns, type Int64 } from './database/columns.ts'
import type { Database, Reader, Tx } from './database/database.ts'
import { insertRows } from './database/insert.ts'
import { type Loop, startLoop } from './lifecycle.ts'
import type { Logger } from './log.ts'

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
  /** Everything about one subject, oldest first, at most `limit`. */
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
    async of(reader, subject, limit) {
      const found = await reader.select<StoredAuditRow>(
        `SELECT ${auditColumns} FROM audit_log WHERE subject = :subject ORDER BY id LIMIT :limit`,
        { subject, limit },
      )
      return found.map(({ at_ms, details, ...row }) => ({
        ...row,
        at: new Date(Number(at_ms)),
        details: JSON.parse(details),
      }))
    },
  }
}

interface StoredAuditRow extends Omit<AuditRow, 'atMs'> {
  at_ms: Int64
}

const auditColumns = 'id, at_ms, actor, action, subject, details'
const genesisHash = '0'.repeat(64)

function linkHash(previousHash: string, { id, at_ms, actor, action, subject, details }: StoredAuditRow): string {
  return createHash('sha256')
    .update(JSON.stringify([previousHash, id, String(at_ms), actor, action, subject, details]))
    .digest('hex')
}

/**
 * Links audit rows into one hash chain. Linking inside each business transaction would make them all queue for the end
 * of the chain; a loop that follows behind keeps them independent, and a row is sealed within its interval.
 */
export function startAuditSealer({
  database,
  intervalMs,
  batchMaxRows,
  log,
}: {
  database: Database
  intervalMs: number
  batchMaxRows: number
  log: Logger
}): Loop {
  const lock = database.dialect === 'mysql' ? 'FOR UPDATE' : ''

  async function pass(): Promise<boolean> {
    if ((await database.select('SELECT id FROM audit_log WHERE sealed = 0 LIMIT 1')).length === 0) return false
    return database.transaction(async (tx) => {
      // The head row is the lock: one sealer at a time, on any node.
      const [head] = await tx.select<{ seq: Int64; hash: string }>(
        `SELECT seq, hash FROM audit_chain_head WHERE id = 1 ${lock}`,
      )
      const rows = await tx.select<StoredAuditRow>(
        `SELECT ${auditColumns} FROM audit_log WHERE sealed = 0 ORDER BY id LIMIT :limit`,
        { limit: batchMaxRows },
      )
      if (rows.length === 0) return false
      let seq = Number(head?.seq ?? 0)
      let hash = head?.hash ?? genesisHash
      const links = rows.map((row) => {
        seq++
        hash = linkHash(hash, row)
        return { seq, auditId: row.id, hash }
      })
      await tx.change(
        `INSERT INTO audit_chain (seq, audit_id, hash) VALUES ${links.map((_, index) => `(:seq${index}, :id${index}, :hash${index})`).join(', ')}`,
        Object.fromEntries(
          links.flatMap((link, index) => [
            [`seq${index}`, link.seq],
            [`id${index}`, link.auditId],
            [`hash${index}`, link.hash],
          ]),
        ),
      )
      await tx.change('UPDATE audit_log SET sealed = 1 WHERE id IN (:ids)', { ids: rows.map(({ id }) => id) })
      await tx.change('UPDATE audit_chain_head SET seq = :seq, hash = :hash WHERE id = 1', { seq, hash })
      return rows.length === batchMaxRows
    })
  }

  return startLoop({ name: 'audit sealer', intervalMs, work: pass, log })
}

/** Walks the whole chain in constant memory. Returns how many links it saw and the ones that do not fit. */
export async function verifyAuditChain(
  reader: Reader,
  pageRows = 1000,
): Promise<{ checked: number; broken: string[] }> {
  const broken: string[] = []
  let checked = 0
  let previousHash = genesisHash
  for (let seq = 0; ; ) {
    const links = await reader.select<StoredAuditRow & { seq: Int64; hash: string }>(
      `SELECT c.seq, c.hash, c.audit_id AS id, a.at_ms, a.actor, a.action, a.subject, a.details
         FROM audit_chain c LEFT JOIN audit_log a ON a.id = c.audit_id WHERE c.seq > :seq ORDER BY c.seq LIMIT :pageRows`,
      { seq, pageRows },
    )
    if (links.length === 0) break
    for (const link of links) {
      checked++
      if (Number(link.seq) !== seq + 1) broken.push(`audit_chain ${seq + 1} is missing`)
      if (link.details === null || linkHash(previousHash, link) !== link.hash)
        broken.push(`audit_log ${link.id} does not fit link ${link.seq}`)
      previousHash = link.hash
      seq = Number(link.seq)
    }
  }
  const [head] = await reader.select<{ seq: Int64; hash: string }>(
    'SELECT seq, hash FROM audit_chain_head WHERE id = 1',
  )
  if (Number(head?.seq ?? 0) !== checked || (head?.hash ?? genesisHash) !== previousHash)
    broken.push('the end of audit_chain was cut off')
  return { checked, broken }
}
