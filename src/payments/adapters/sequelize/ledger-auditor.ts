import { verifyAuditChain } from '../../../platform/audit-chain.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader } from '../../../platform/database/database.ts'
import type { Replacements } from '../../../platform/database/statements.ts'
import type { LedgerAuditor, LedgerCheck } from '../../app/verify-ledger.ts'
import { type LedgerRule, ledgerRules, type SqlDialect } from './ledger-rules.ts'
import { entriesDigest } from './ledger-store.ts'

const violationsMax = 100
const pageRows = 1000
/** How long an overdue deposit may stay open. */
const overdueGraceMs = 5_000

export function createLedgerAuditor(reader: Reader): LedgerAuditor {
  const words = reader.dialect === 'mysql' ? mysqlWords : sqliteWords
  return {
    async *check(now) {
      for (const rule of ledgerRules(words))
        yield await applyRule(reader, rule, { overdueBefore: now.getTime() - overdueGraceMs })
      yield await checkDigests(reader)
      yield await checkAuditChain(reader)
    },
  }
}

/** `||` means OR in MySQL, whose sums are decimals. */
const mysqlWords: SqlDialect = { join: (...parts) => `CONCAT(${parts.join(', ')})`, sum: (minor) => `SUM(${minor})` }

/** A sum that does not fit 64 bits is an error in SQLite: its two halves always fit, and only near zero must it be exact. */
const sqliteWords: SqlDialect = {
  join: (...parts) => `(${parts.join(' || ')})`,
  sum: (minor) => `(SUM((${minor}) / 1000000000) * 1000000000 + SUM((${minor}) % 1000000000))`,
}

async function applyRule(
  reader: Reader,
  { invariant, description, total, broken }: LedgerRule,
  values: Replacements,
): Promise<LedgerCheck> {
  const [looked] = await reader.select<{ total: Int64 | number }>(total, values)
  const [count] = await reader.select<{ broken: Int64 | number }>(
    `SELECT COUNT(*) AS broken FROM (${broken}) AS v`,
    values,
  )
  const violationCount = Number(count?.broken ?? 0)
  const rows =
    violationCount === 0
      ? []
      : await reader.select<{ violation: string }>(
          `SELECT violation FROM (${broken}) AS v LIMIT ${violationsMax}`,
          values,
        )
  return {
    invariant,
    description,
    checked: Number(looked?.total ?? 0),
    violations: rows.map(({ violation }) => violation),
    violationCount,
  }
}

interface EntryRow {
  posting_id: string
  digest: string
  line: number | null
  account: string
  minor: Int64
  currency: string
}

/** Entries are never changed: each posting carries a digest of its entries. Read page by page, in constant memory. */
async function checkDigests(reader: Reader): Promise<LedgerCheck> {
  const violations: string[] = []
  let checked = 0
  let violationCount = 0
  for (let after = ''; ; ) {
    const postings = await reader.select<{ id: string; digest: string }>(
      'SELECT id, digest FROM ledger_postings WHERE id > :after ORDER BY id LIMIT :pageRows',
      { after, pageRows },
    )
    if (postings.length === 0) break
    const entries = await reader.select<EntryRow>(
      'SELECT posting_id, line, account, minor, currency FROM ledger_entries WHERE posting_id IN (:ids) ORDER BY posting_id, line',
      { ids: postings.map(({ id }) => id) },
    )
    const byPosting = new Map<string, (EntryRow & { line: number })[]>()
    for (const { line, ...entry } of entries) {
      const list = byPosting.get(entry.posting_id) ?? []
      list.push({ ...entry, line: line ?? 0 })
      byPosting.set(entry.posting_id, list)
    }
    for (const { id, digest } of postings) {
      checked++
      if (entriesDigest(byPosting.get(id) ?? []) === digest) continue
      violationCount++
      if (violations.length < violationsMax)
        violations.push(`posting ${id} does not have the entries it was written with`)
    }
    after = postings.at(-1)?.id ?? after
  }
  return {
    invariant: 'entries_are_permanent',
    description: 'No entry was changed, added or removed after its posting',
    checked,
    violations,
    violationCount,
  }
}

async function checkAuditChain(reader: Reader): Promise<LedgerCheck> {
  const { checked, broken, brokenCount } = await verifyAuditChain(reader)
  return {
    invariant: 'audit_chain_is_whole',
    description: 'Every sealed audit row is as it was written, and none is missing',
    checked,
    violations: broken,
    violationCount: brokenCount,
  }
}
