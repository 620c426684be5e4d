/** What must hold of rows, as SQL that finds those that break it. */
export interface LedgerRule {
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

export interface SqlDialect {
  readonly join: (...parts: string[]) => string
  /** The exact sum, past 64 bits too. */
  readonly sum: (expression: string) => string
}

/** SQL that both dialects understand, but for the two words that it is given. */
export function ledgerRules({ join, sum }: SqlDialect): readonly LedgerRule[] {
  return [
    {
      invariant: 'postings_balance',
      description: 'Every posting has two or more entries that sum to zero in each currency',
      total: 'SELECT COUNT(*) AS total FROM ledger_postings',
      broken: `SELECT ${join("'posting '", 'p.id', "' does not balance in '", "COALESCE(e.currency, 'any currency')")} AS violation
        FROM ledger_postings p LEFT JOIN ledger_entries e ON e.posting_id = p.id
        GROUP BY p.id, e.currency HAVING COALESCE(${sum('e.minor')}, 1) <> 0 OR COUNT(e.line) < 2`,
    },
    {
      invariant: 'balances_match_entries',
      description: 'Every cached balance is the sum of its entries',
      total: 'SELECT COUNT(*) AS total FROM ledger_accounts',
      broken: `SELECT ${join("'account '", 'a.account', "' is cached as '", 'a.posted', "', its entries sum to '", 'a.summed')} AS violation
        FROM (SELECT b.account, b.posted, COALESCE((SELECT ${sum('e.minor')} FROM ledger_entries e WHERE e.account = b.account), 0) AS summed
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
            COALESCE((SELECT ${sum('e.minor')} FROM ledger_entries e WHERE e.posting_id = x.posting_id
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
            COALESCE((SELECT ${sum('t.minor')} FROM provider_transactions t WHERE t.deposit_id = d.id AND t.kind = 'payment' AND t.currency = d.currency), 0) AS paid,
            COALESCE((SELECT ${sum('e.minor')} FROM ledger_postings p JOIN ledger_entries e ON e.posting_id = p.id
              WHERE p.reference = d.id AND p.kind = 'deposit'
                AND e.account IN (${join("'wallet:'", 'd.owner_id', "':'", 'd.currency')}, ${join("'debt:'", 'd.owner_id', "':'", 'd.currency')})), 0) AS given
          FROM deposits d) AS s WHERE s.received_minor <> s.paid OR s.credited_minor <> s.given`,
    },
    {
      invariant: 'suspense_is_explained',
      description:
        'The suspense account of each currency holds what deposits and cases say it holds, and never less than nothing',
      total: "SELECT COUNT(*) AS total FROM ledger_entries WHERE account LIKE 'suspense:%'",
      broken: `SELECT ${join("'suspense in '", 's.currency', "' holds '", 's.held', "', deposits and cases explain '", 's.explained')} AS violation
        FROM (SELECT c.currency,
            COALESCE((SELECT ${sum('e.minor')} FROM ledger_entries e WHERE e.account = ${join("'suspense::'", 'c.currency')}), 0) AS held,
            COALESCE((SELECT ${sum('d.part_minor + d.in_review_minor')} FROM deposits d WHERE d.currency = c.currency), 0)
              + COALESCE((SELECT ${sum('t.outside_minor')} FROM provider_transactions t WHERE t.currency = c.currency), 0) AS explained
          FROM (SELECT DISTINCT currency FROM ledger_entries UNION SELECT DISTINCT currency FROM deposits) AS c) AS s
        WHERE s.held <> s.explained OR s.held < 0`,
    },
    {
      invariant: 'suspended_money_has_a_case',
      description:
        'Money under review, parts of a deposit that ended, and money of another currency stand in cases that are not closed, to the unit',
      total: "SELECT COUNT(*) AS total FROM suspense_cases WHERE kind <> 'takeback_exceeds'",
      broken: `SELECT ${join("'deposit '", 's.deposit_id', "' has '", sum('s.held'), "' '", 's.currency', "' in suspense, and cases of '", sum('s.cased'))} AS violation
        FROM (SELECT d.id AS deposit_id, d.currency, d.in_review_minor
              + CASE WHEN d.status IN ('partially_paid', 'processing') THEN 0 ELSE d.part_minor END AS held, 0 AS cased
            FROM deposits d WHERE d.in_review_minor <> 0 OR d.part_minor <> 0
          UNION ALL SELECT t.deposit_id, t.currency, t.outside_minor, 0 FROM provider_transactions t WHERE t.outside_minor <> 0
          UNION ALL SELECT c.deposit_id, c.currency, 0, c.minor FROM suspense_cases c
            WHERE c.status IN ('open', 'refunding') AND c.kind <> 'takeback_exceeds') AS s
        GROUP BY s.deposit_id, s.currency HAVING ${sum('s.held')} <> ${sum('s.cased')}`,
    },
    {
      invariant: 'claims_have_a_case',
      description: 'What a provider took beyond what it held stands in cases that are not closed, to the unit',
      total: "SELECT COUNT(*) AS total FROM suspense_cases WHERE kind = 'takeback_exceeds'",
      broken: `SELECT ${join("'account '", 's.account', "' stands at '", sum('s.booked'), "', its cases at '", sum('s.cased'))} AS violation
        FROM (SELECT e.account, -e.minor AS booked, 0 AS cased FROM ledger_entries e WHERE e.account LIKE 'claim:%'
          UNION ALL SELECT ${join("'claim:'", 'c.provider', "':'", 'c.currency')} AS account, 0, c.minor FROM suspense_cases c
            WHERE c.status = 'open' AND c.kind = 'takeback_exceeds') AS s
        GROUP BY s.account HAVING ${sum('s.booked')} <> ${sum('s.cased')}`,
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
      description:
        'No payment address was given to a deposit while another had it that was open or whose time was not over',
      total: 'SELECT COUNT(*) AS total FROM payment_addresses',
      broken: `SELECT ${join("'address '", 's.method', "' '", 's.reference', "' was given to deposit '", 's.id', "' while deposit '", 's.earlier_id', "' had it'")} AS violation
        FROM (SELECT id, method, reference, created_at_ms,
            LAG(id) OVER sharing AS earlier_id, LAG(status) OVER sharing AS earlier_status, LAG(expires_at_ms) OVER sharing AS earlier_end
          FROM deposits WINDOW sharing AS (PARTITION BY method, reference ORDER BY created_at_ms, id)) AS s
        WHERE s.created_at_ms < s.earlier_end OR s.earlier_status IN ('created', 'pending', 'partially_paid', 'processing')`,
    },
    {
      invariant: 'nothing_overdue_is_open',
      description: 'No deposit is open longer than 5 s after its end',
      total: 'SELECT COUNT(*) AS total FROM deposits',
      broken: `SELECT ${join("'deposit '", 'id', "' is '", 'status', "' though its time was over at '", 'expires_at_ms')} AS violation FROM deposits
        WHERE status IN ('created', 'pending', 'partially_paid') AND expires_at_ms < :overdueBefore`,
    },
    {
      invariant: 'ends_are_announced_once',
      description: 'Every deposit that ended has exactly one event that says so, for as long as events are kept',
      total: `SELECT COUNT(*) AS total FROM deposits WHERE status IN ${terminal}`,
      broken: `SELECT ${join("'deposit '", 's.id', "' is '", 's.status', "' and was announced '", 's.announced', "' times'")} AS violation
        FROM (SELECT d.id, d.status, (SELECT COUNT(*) FROM outbox o WHERE o.subject = ${join("'deposit:'", 'd.id')} AND o.type = ${outcomeOfStatus}) AS announced
          FROM deposits d WHERE d.status IN ${terminal}
            AND d.created_at_ms >= (SELECT before_ms FROM outbox_pruning)) AS s WHERE s.announced <> 1`,
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
