import { verifyAuditChain } from '../../../platform/audit-chain.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader } from '../../../platform/database/database.ts'
import type { Replacements } from '../../../platform/database/statements.ts'
import type { LedgerAuditor, LedgerCheck } from '../../app/verify-ledger.ts'
import { entriesDigest } from './ledger-store.ts'

const violationsMax = 100
const pageRows = 1000
/** How long an overdue deposit may stay open. */
const overdueGraceMs = 5_000

interface Rule {
  readonly invariant: string
  readonly description: string
  /** Counts what is looked at. */
  readonly total: string
  /** Selects one column `violation` for each row that breaks the rule. */
  readonly broken: string
}

const terminal = "('settled', 'expired', 'failed', 'canceled', 'reversed')"
const outcomeOfStatus = `CASE d.status WHEN 'settled' THEN 'payment.paid' WHEN 'expired' THEN 'payment.expired'
  WHEN 'failed' THEN 'payment.failed' WHEN 'canceled' THEN 'payment.canceled' ELSE 'payment.reversed' END`

/** SQL that both dialects understand. `||` means OR in MySQL, so texts are joined by CONCAT, which SQLite gets from us. */
function rules(join: (...parts: string[]) => string): readonly Rule[] {
  return [
    {
      invariant: 'postings_balance',
      description: 'Every posting has two or more entries that sum to zero in each currency',
      total: 'SELECT COUNT(*) AS total FROM ledger_postings',
      broken: `SELECT ${join("'posting '", 'p.id', "' does not balance in '", "COALESCE(e.currency, 'any currency')")} AS violation
        FROM ledger_postings p LEFT JOIN ledger_entries e ON e.posting_id = p.id
        GROUP BY p.id, e.currency HAVING COALESCE(SUM(e.minor), 1) <> 0 OR COUNT(e.line) < 2`,
    },
    {
      invariant: 'balances_match_entries',
      description: 'Every cached balance is the sum of its entries',
      total: 'SELECT COUNT(*) AS total FROM ledger_accounts',
      broken: `SELECT ${join("'account '", 'a.account', "' is cached as '", 'a.posted', "', its entries sum to '", 'a.summed')} AS violation
        FROM (SELECT b.account, b.posted, COALESCE((SELECT SUM(e.minor) FROM ledger_entries e WHERE e.account = b.account), 0) AS summed
          FROM ledger_accounts b) AS a WHERE a.posted <> a.summed`,
    },
    {
      invariant: 'accounts_are_known',
      description: 'Entries of wallets, held funds and debts belong to a cached account',
      total: 'SELECT COUNT(*) AS total FROM ledger_accounts',
      broken: `SELECT ${join("'account '", 'e.account', "' has entries and no balance'")} AS violation
        FROM (SELECT DISTINCT account FROM ledger_entries) AS e LEFT JOIN ledger_accounts a ON a.account = e.account
        WHERE a.account IS NULL AND (e.account LIKE 'wallet:%' OR e.account LIKE 'held:%' OR e.account LIKE 'debt:%')`,
    },
    {
      invariant: 'available_not_negative',
      description: 'No wallet and no held funds are below zero, and no debt above',
      total: 'SELECT COUNT(*) AS total FROM ledger_accounts',
      broken: `SELECT ${join("'account '", 'account', "' stands at '", 'posted')} AS violation FROM ledger_accounts
        WHERE (kind <> 'debt' AND posted < 0) OR (kind = 'debt' AND posted > 0)`,
    },
    {
      invariant: 'provider_transactions_booked_once',
      description:
        "Every transaction of a provider has one posting of its own, over the provider's clearing account and for its amount",
      total: 'SELECT COUNT(*) AS total FROM provider_transactions',
      broken: `SELECT ${join("'transaction '", 't.provider', "' '", 't.transaction_id', "' is not what its posting '", 't.posting_id', "' says'")} AS violation
        FROM (SELECT x.provider, x.transaction_id, x.posting_id,
            CASE x.kind WHEN 'payment' THEN -x.minor ELSE x.minor END AS expected,
            COALESCE((SELECT SUM(e.minor) FROM ledger_entries e WHERE e.posting_id = x.posting_id
              AND e.account = ${join("'clearing:'", 'x.provider', "':'", 'x.currency')}), 0) AS booked,
            (SELECT COUNT(*) FROM provider_transactions y WHERE y.posting_id = x.posting_id) AS sharing
          FROM provider_transactions x) AS t WHERE t.expected <> t.booked OR t.sharing <> 1`,
    },
    {
      invariant: 'clearing_comes_from_transactions',
      description: "What clearing accounts hold is the sum of the providers' transactions",
      total: "SELECT COUNT(*) AS total FROM ledger_entries WHERE account LIKE 'clearing:%'",
      broken: `SELECT ${join("'posting '", 'e.posting_id', "' moves clearing without a transaction of the provider'")} AS violation
        FROM ledger_entries e LEFT JOIN provider_transactions t ON t.posting_id = e.posting_id
        WHERE e.account LIKE 'clearing:%' AND t.posting_id IS NULL`,
    },
    {
      invariant: 'received_is_credited_or_suspended',
      description: "A deposit's received amount is the sum of its payments; what was credited reached its owner",
      total: 'SELECT COUNT(*) AS total FROM deposits',
      broken: `SELECT ${join("'deposit '", 's.id', "' received '", 's.received_minor', "' and credited '", 's.credited_minor', "', its payments sum to '", 's.paid', "' and its postings credited '", 's.given')} AS violation
        FROM (SELECT d.id, d.received_minor, d.credited_minor,
            COALESCE((SELECT SUM(t.minor) FROM provider_transactions t WHERE t.deposit_id = d.id AND t.kind = 'payment' AND t.currency = d.currency), 0) AS paid,
            COALESCE((SELECT SUM(e.minor) FROM ledger_postings p JOIN ledger_entries e ON e.posting_id = p.id
              WHERE p.reference = d.id AND p.kind = 'deposit'
                AND e.account IN (${join("'wallet:'", 'd.owner_id', "':'", 'd.currency')}, ${join("'debt:'", 'd.owner_id', "':'", 'd.currency')})), 0) AS given
          FROM deposits d) AS s WHERE s.received_minor <> s.paid OR s.credited_minor <> s.given`,
    },
    {
      invariant: 'suspense_is_explained',
      description: 'The suspense account of each currency holds what deposits and cases say it holds',
      total: "SELECT COUNT(*) AS total FROM ledger_entries WHERE account LIKE 'suspense:%'",
      broken: `SELECT ${join("'suspense in '", 's.currency', "' holds '", 's.held', "', deposits and cases explain '", 's.explained')} AS violation
        FROM (SELECT c.currency,
            COALESCE((SELECT SUM(e.minor) FROM ledger_entries e WHERE e.account = ${join("'suspense::'", 'c.currency')}), 0) AS held,
            COALESCE((SELECT SUM(d.part_minor + d.in_review_minor) FROM deposits d WHERE d.currency = c.currency), 0)
              + COALESCE((SELECT SUM(t.outside_minor) FROM provider_transactions t WHERE t.currency = c.currency), 0) AS explained
          FROM (SELECT DISTINCT currency FROM ledger_entries UNION SELECT DISTINCT currency FROM deposits) AS c) AS s WHERE s.held <> s.explained`,
    },
    {
      invariant: 'reviewed_money_has_a_case',
      description: 'Money under review, and parts of a deposit that ended, stand in a case that is not closed',
      total: 'SELECT COUNT(*) AS total FROM deposits WHERE in_review_minor > 0 OR part_minor > 0',
      broken: `SELECT ${join("'deposit '", 'd.id', "' has money in suspense and no case'")} AS violation FROM deposits d
        WHERE (d.in_review_minor > 0 OR (d.part_minor > 0 AND d.status NOT IN ('partially_paid', 'processing')))
          AND NOT EXISTS (SELECT 1 FROM suspense_cases c WHERE c.deposit_id = d.id AND c.status IN ('open', 'refunding'))`,
    },
    {
      invariant: 'settled_deposits_are_credited',
      description: 'A settled deposit was credited, and one that was never settled was not',
      total: 'SELECT COUNT(*) AS total FROM deposits',
      broken: `SELECT ${join("'deposit '", 'id', "' is '", 'status', "' and was credited '", 'credited_minor')} AS violation FROM deposits
        WHERE (status IN ('settled', 'partially_refunded', 'refunded', 'reversed')) <> (credited_minor > 0)
          OR taken_back_minor > credited_minor OR part_minor < 0 OR in_review_minor < 0`,
    },
    {
      invariant: 'addresses_have_one_owner',
      description: 'No payment address has two deposits whose watch has not ended',
      total: 'SELECT COUNT(*) AS total FROM payment_addresses',
      broken: `SELECT ${join("'address '", 'method', "' '", 'reference', "' has '", 'COUNT(*)', "' open deposits'")} AS violation FROM deposits
        WHERE status IN ('created', 'pending', 'partially_paid', 'processing') GROUP BY method, reference HAVING COUNT(*) > 1`,
    },
    {
      invariant: 'nothing_overdue_is_open',
      description: 'No deposit is open longer than 5 s after its end',
      total: 'SELECT COUNT(*) AS total FROM deposits',
      broken: `SELECT ${join("'deposit '", 'id', "' is '", 'status', "' though its time was over at '", 'expires_at_ms')} AS violation FROM deposits
        WHERE status IN ('pending', 'partially_paid') AND expires_at_ms < :overdueBefore`,
    },
    {
      invariant: 'ends_are_announced_once',
      description: 'Every deposit that ended has exactly one event that says so, for as long as events are kept',
      total: `SELECT COUNT(*) AS total FROM deposits WHERE status IN ${terminal}`,
      broken: `SELECT ${join("'deposit '", 's.id', "' is '", 's.status', "' and was announced '", 's.announced', "' times'")} AS violation
        FROM (SELECT d.id, d.status, (SELECT COUNT(*) FROM outbox o WHERE o.subject = ${join("'deposit:'", 'd.id')} AND o.type = ${outcomeOfStatus}) AS announced
          FROM deposits d WHERE d.status IN ${terminal}
            AND d.created_at_ms >= (SELECT COALESCE(MIN(created_at_ms), 0) FROM outbox)) AS s WHERE s.announced <> 1`,
    },
    {
      invariant: 'changes_are_audited',
      description: 'Every deposit that ended has its story',
      total: `SELECT COUNT(*) AS total FROM deposits WHERE status IN ${terminal}`,
      broken: `SELECT ${join("'deposit '", 'd.id', "' is '", 'd.status', "' and its story does not say so'")} AS violation FROM deposits d
        WHERE d.status IN ('settled', 'expired', 'failed', 'canceled')
          AND NOT EXISTS (SELECT 1 FROM audit_log a WHERE a.subject = ${join("'deposit:'", 'd.id')} AND a.action = ${join("'deposit.'", 'd.status')})`,
    },
  ]
}

export function createLedgerAuditor(reader: Reader): LedgerAuditor {
  const join =
    reader.dialect === 'mysql'
      ? (...parts: string[]) => `CONCAT(${parts.join(', ')})`
      : (...parts: string[]) => `(${parts.join(' || ')})`
  return {
    async *check(now) {
      for (const rule of rules(join))
        yield await applyRule(reader, rule, { overdueBefore: now.getTime() - overdueGraceMs })
      yield await checkDigests(reader)
      yield await checkAuditChain(reader)
    },
  }
}

async function applyRule(
  reader: Reader,
  { invariant, description, total, broken }: Rule,
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
