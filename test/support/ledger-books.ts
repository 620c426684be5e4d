import { expect } from 'vitest'
import type { PaymentsPolicy } from '../../src/payments/app/policy.ts'
import type { DepositStatus } from '../../src/payments/domain/deposit-status.ts'
import type { Database } from '../../src/platform/database/database.ts'
import type { ModelCase, ModelDeposit } from './deposit-model.ts'
import type { Payments } from './payments.ts'

interface DepositRow {
  readonly id: string
  readonly reference: string
  readonly status: DepositStatus
  readonly received: string
  readonly credited: string
  readonly part: string
  readonly review: string
  readonly taken: string
  /** How many transactions of the provider count for it. */
  readonly booked: string
  /** Its cases, oldest first, as text. */
  readonly cases: string
  readonly caseIds: readonly string[]
}

type Shown = Omit<DepositRow, 'reference' | 'caseIds'>

interface CaseRow {
  readonly id: string
  readonly deposit_id: string
  readonly kind: string
  readonly status: string
  readonly minor: string
  readonly currency: string
}

const kindsOf: Readonly<Record<ModelCase['of'], readonly string[]>> = {
  part: ['paid_partial'],
  review: ['paid_late', 'paid_after_end'],
  foreign: ['wrong_currency'],
  claim: ['takeback_exceeds'],
}

/** What is closed is over, whatever its amount says. */
function shownCase({ of, status, minor, currency }: Omit<ModelCase, 'id'>): string {
  return status === 'closed' ? `${of} closed` : `${of} ${status} ${minor} ${currency}`
}

function caseText({ kind, status, minor, currency }: CaseRow): string {
  const [of] = Object.entries(kindsOf).find(([, kinds]) => kinds.includes(kind))!
  const known = status === 'open' || status === 'refunding' ? status : 'closed'
  return shownCase({ of: of as ModelCase['of'], status: known, minor: BigInt(minor), currency })
}

/** Reads the ledger and compares it with the model: rows, balances, the provider's statement, and every invariant. */
export function createLedgerBooks(current: () => Database, users: readonly string[]) {
  const transfers: { from: string; to: string; currency: string; minor: bigint }[] = []
  const seenTransfers = new Set<string>()

  const select = <R extends object>(sql: string, values = {}) => current().select<R>(sql, values)

  function shown({ id, status, received, credited, part, review, takenBack, booked, cases }: ModelDeposit): Shown {
    const [r, c, p, v, t] = [received, credited, part, review, takenBack].map(String)
    const sums = { received: r!, credited: c!, part: p!, review: v!, taken: t! }
    return { id, status, ...sums, booked: String(booked.size), cases: cases.map(shownCase).join(', ') }
  }

  async function depositRows(): Promise<DepositRow[]> {
    const rows = await select<
      Omit<DepositRow, 'cases' | 'caseIds'>
    >(`SELECT id, reference, status, received_minor AS received, credited_minor AS credited,
      part_minor AS part, in_review_minor AS review, taken_back_minor AS taken,
      (SELECT COUNT(*) FROM provider_transactions t WHERE t.deposit_id = d.id) AS booked FROM deposits d ORDER BY id`)
    const cases = await select<CaseRow>(
      'SELECT id, deposit_id, kind, status, minor, currency FROM suspense_cases ORDER BY id',
    )
    return rows.map((row) => {
      const own = cases.filter((entry) => entry.deposit_id === row.id)
      const text = own.map(caseText).join(', ')
      return { ...row, booked: String(row.booked), cases: text, caseIds: own.map(({ id }) => id) }
    })
  }

  /** The model's deposit with the names that the product gave its cases. */
  function named(deposit: ModelDeposit, { caseIds }: DepositRow): ModelDeposit {
    return { ...deposit, cases: deposit.cases.map((entry, index) => ({ ...entry, id: caseIds[index] ?? null })) }
  }

  function fits(row: DepositRow, deposit: ModelDeposit): boolean {
    const expected = shown(deposit)
    return Object.entries(expected).every(([name, value]) => row[name as keyof Shown] === value)
  }

  /** What a user has, less what is owed. */
  function netOf(user: string, currency: string, deposits: readonly ModelDeposit[]): bigint {
    let net = 0n
    for (const deposit of deposits)
      if (deposit.owner === user && deposit.currency === currency) net += deposit.credited - deposit.takenBack
    for (const transfer of transfers) {
      if (transfer.currency !== currency) continue
      if (transfer.from === user) net -= transfer.minor
      if (transfer.to === user) net += transfer.minor
    }
    return net
  }

  function expectedAccounts(deposits: readonly ModelDeposit[]): Record<string, string> {
    const sums = new Map<string, bigint>()
    const add = (account: string, minor: bigint) => sums.set(account, (sums.get(account) ?? 0n) + minor)
    for (const { currency, part, review, atProvider, cases } of deposits) {
      add(`suspense::${currency}`, part + review)
      for (const entry of cases.filter(({ status }) => status !== 'closed')) {
        if (entry.of === 'foreign') add(`suspense::${entry.currency}`, entry.minor)
        if (entry.of === 'claim') add(`claim:fake:${entry.currency}`, -entry.minor)
      }
      for (const [other, minor] of Object.entries(atProvider)) add(`clearing:fake:${other}`, -minor)
    }
    for (const user of users)
      for (const currency of ['IDR', 'USDT']) {
        const net = netOf(user, currency, deposits)
        add(net >= 0n ? `wallet:${user}:${currency}` : `debt:${user}:${currency}`, net)
      }
    return Object.fromEntries(
      [...sums].filter(([, minor]) => minor !== 0n).map(([name, minor]) => [name, String(minor)]),
    )
  }

  async function accounts(): Promise<Record<string, string>> {
    const rows = await select<{ account: string; minor: string | number }>(
      'SELECT account, SUM(minor) AS minor FROM ledger_entries GROUP BY account',
    )
    return Object.fromEntries(
      rows.filter(({ minor }) => Number(minor) !== 0).map((row) => [row.account, String(row.minor)]),
    )
  }

  /** Leftovers that break no sum: a part still called a part, or a case still open, once all of it was credited. */
  async function leftovers(): Promise<string[]> {
    const rows = await select<{ leftover: string }>(`
      SELECT t.transaction_id AS leftover FROM provider_transactions t JOIN deposits d ON d.id = t.deposit_id
        WHERE t.disposition = 'part' AND d.status = 'settled'
      UNION ALL SELECT c.id FROM suspense_cases c JOIN deposits d ON d.id = c.deposit_id
        WHERE c.kind = 'paid_partial' AND c.status = 'open' AND d.status = 'settled'
      UNION ALL SELECT a.reference FROM payment_addresses a JOIN deposits d ON d.id = a.deposit_id
        WHERE a.status = 'available' AND d.status IN ('created', 'pending', 'partially_paid', 'processing')`)
    return rows.map(({ leftover }) => leftover)
  }

  return {
    depositRows,
    fits,
    shown,
    named,
    netOf,

    async newDeposits(known: readonly ModelDeposit[]) {
      const ids = new Set(known.map(({ id }) => id))
      return (await depositRows()).filter(({ id }) => !ids.has(id))
    },

    /** Cases of the deposit that the provider was asked to refund, and did not refuse. */
    async askedOf(depositId: string): Promise<ReadonlySet<string>> {
      const sql = 'SELECT id FROM suspense_cases WHERE deposit_id = :depositId AND attempts > 0'
      return new Set((await select<{ id: string }>(sql, { depositId })).map(({ id }) => id))
    },

    async refundable(nowMs: number) {
      const rows = await select<{ id: string; deposit_id: string; minor: string; currency: string }>(
        `SELECT id, deposit_id, minor, currency FROM suspense_cases WHERE status = 'refunding'
           AND next_attempt_at_ms <= :nowMs ORDER BY next_attempt_at_ms`,
        { nowMs },
      )
      return rows.map(({ id, deposit_id, minor, currency }) => ({
        id,
        depositId: deposit_id,
        minor: BigInt(minor),
        currency,
      }))
    },

    /** The transfer that was just made, if one was; it counts from now on. */
    async transferBetween(from: string, to: string, currency: string, minor: bigint): Promise<string | undefined> {
      const rows = await select<{ id: string }>("SELECT id FROM ledger_postings WHERE kind = 'transfer'")
      const fresh = rows.filter(({ id }) => !seenTransfers.has(id))
      expect(fresh.length, 'one transfer makes one posting').toBeLessThanOrEqual(1)
      for (const { id } of fresh) {
        seenTransfers.add(id)
        transfers.push({ from, to, currency, minor })
      }
      return fresh[0]?.id
    },

    /** An address that had an owner before is free again only after that owner's late watch and its own rest. */
    async checkAddress(reference: string, deposits: readonly ModelDeposit[], nowMs: number, policy: PaymentsPolicy) {
      const rows = (await depositRows()).filter((row) => row.reference === reference)
      for (const { id } of rows) {
        const owner = deposits.find((deposit) => deposit.id === id)
        if (owner === undefined) continue
        expect(nowMs, `${reference} has rested`).toBeGreaterThanOrEqual(
          owner.endsAtMs + policy.lateWatchMs + policy.addressCoolingMs,
        )
        expect(['created', 'pending', 'partially_paid', 'processing']).not.toContain(owner.status)
      }
    },

    async check(deposits: readonly ModelDeposit[], payments: Pick<Payments, 'verify'>, swept: boolean) {
      expect(await accounts(), 'entries by account').toEqual(expectedAccounts(deposits))
      expect(await leftovers(), 'leftovers').toEqual([])
      const { checks } = await payments.verify()
      // Between two sweeps the clock of this test may jump: only a sweep promises that nothing overdue is open.
      const due = checks.filter(({ invariant }) => swept || invariant !== 'nothing_overdue_is_open')
      expect(due.flatMap(({ invariant, violations }) => violations.map((text) => `${invariant}: ${text}`))).toEqual([])
    },
  }
}
