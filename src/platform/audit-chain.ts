import { createHash } from 'node:crypto'
import { auditColumns, type StoredAuditRow } from './audit.ts'
import type { Int64 } from './database/columns.ts'
import type { Database, Reader } from './database/database.ts'
import { type Loop, startLoop } from './lifecycle.ts'
import type { Logger } from './log.ts'

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

const brokenMax = 100
const unlinkedRows = `FROM audit_log a LEFT JOIN audit_chain c ON c.audit_id = a.id WHERE a.sealed = 1 AND c.seq IS NULL`

/**
 * Walks the whole chain in constant memory, as far as it reached at the beginning. Returns how many links it saw, how
 * many faults there are and the first 100 of them.
 */
export async function verifyAuditChain(
  reader: Reader,
  pageRows = 1000,
): Promise<{ checked: number; broken: readonly string[]; brokenCount: number }> {
  const broken: string[] = []
  let brokenCount = 0
  const report = (fault: string) => {
    brokenCount++
    if (broken.length < brokenMax) broken.push(fault)
  }
  const [head] = await reader.select<{ seq: Int64; hash: string }>(
    'SELECT seq, hash FROM audit_chain_head WHERE id = 1',
  )
  const end = Number(head?.seq ?? 0)
  let previousHash = genesisHash
  let checked = 0
  for (let seq = 0; seq < end; ) {
    const links = await reader.select<StoredAuditRow & { seq: Int64; hash: string }>(
      `SELECT c.seq, c.hash, c.audit_id AS id, a.at_ms, a.actor, a.action, a.subject, a.details
         FROM audit_chain c LEFT JOIN audit_log a ON a.id = c.audit_id
        WHERE c.seq > :seq AND c.seq <= :end ORDER BY c.seq LIMIT :pageRows`,
      { seq, end, pageRows },
    )
    if (links.length === 0) break
    for (const link of links) {
      checked++
      if (Number(link.seq) !== seq + 1) report(`audit_chain ${seq + 1} is missing`)
      if (link.details === null || linkHash(previousHash, link) !== link.hash)
        report(`audit_log ${link.id} does not fit link ${link.seq}`)
      previousHash = link.hash
      seq = Number(link.seq)
    }
  }
  if (end !== checked || (head?.hash ?? genesisHash) !== previousHash) report('the end of audit_chain was cut off')
  const unlinked = await reader.select<{ id: string }>(`SELECT a.id ${unlinkedRows} ORDER BY a.id LIMIT :brokenMax`, {
    brokenMax,
  })
  for (const { id } of unlinked) report(`audit_log ${id} is sealed, but no link of audit_chain has it`)
  if (unlinked.length === brokenMax) brokenCount += (await countUnlinked(reader)) - brokenMax
  return { checked, broken, brokenCount }
}

async function countUnlinked(reader: Reader): Promise<number> {
  const [row] = await reader.select<{ unlinked: number | string }>(`SELECT COUNT(*) AS unlinked ${unlinkedRows}`)
  return Number(row?.unlinked ?? 0)
}
