import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canBecome, type Deposit } from '../../src/payments/domain/deposit.ts'
import type { DepositCase, DepositChange } from '../../src/payments/domain/deposit-change.ts'
import { applyReport } from '../../src/payments/domain/deposit-decisions.ts'
import { depositStatuses } from '../../src/payments/domain/deposit-status.ts'
import type { ProviderPayment, ProviderTakeback } from '../../src/payments/domain/gateway.ts'
import type { LatePolicy } from '../../src/payments/domain/payment-decisions.ts'
import { at, depositIn, endAt, learnt, says } from '../support/deposits.ts'

const currency = fc.constantFrom('IDR', 'IDR', 'IDR', 'USD')
const minor = fc.bigInt(0n, 150n)
const paidAt = fc.option(fc.integer({ min: 0, max: 2 * endAt.getTime() - 2 * at(0).getTime() }).map(at))
const payment = fc.record({ minor, currency, paidAt })
/** `ofCase` is the number of the case that it refunds, if there is one; it then says what the case says, or not. */
const takeback = fc.record({
  minor,
  currency,
  kind: fc.constantFrom<'refund' | 'reversal'>('refund', 'reversal'),
  ofCase: fc.option(fc.nat(3)),
  asAsked: fc.boolean(),
})
const status = fc.constantFrom(
  'open' as const,
  'paid' as const,
  'processing' as const,
  'denied' as const,
  'expired' as const,
)
const report = fc.record({
  status,
  payments: fc.array(payment, { maxLength: 3 }),
  takebacks: fc.array(takeback, { maxLength: 2 }),
  learntMs: fc.integer({ min: 0, max: 120_000 }),
  complete: fc.boolean(),
})
const latePolicy = fc.constantFrom<LatePolicy>('review', 'credit', 'refund')

const sum = <T>(list: readonly T[], pick: (item: T) => bigint) => list.reduce((total, item) => total + pick(item), 0n)

/** Applies the reports one after another, each transaction with an id of its own; a refund has its case's, once. */
function play(reports: readonly (typeof report extends fc.Arbitrary<infer R> ? R : never)[], policy: LatePolicy) {
  let serial = 0
  let deposit: Deposit = depositIn('pending')
  let cases: DepositCase[] = []
  const refunded = new Set<string>()
  const changes: DepositChange[] = []
  for (const { status: said, payments, takebacks, learntMs, complete } of reports) {
    const told = says({
      status: said,
      payments: payments.map((entry): ProviderPayment => ({ ...entry, transactionId: `p${++serial}` })),
      takebacks: takebacks.map(({ ofCase, asAsked, ...entry }): ProviderTakeback => {
        const refund = ofCase === null ? undefined : cases[ofCase]
        if (refund === undefined || refunded.has(refund.id)) return { ...entry, transactionId: `b${++serial}` }
        refunded.add(refund.id)
        const asked = asAsked ? { minor: refund.minor, currency: refund.currency } : {}
        return { ...entry, ...asked, transactionId: refund.id }
      }),
    })
    const change = applyReport(
      deposit,
      told,
      learnt(at(learntMs), { latePolicy: policy, cases, whole: complete ? told : null }),
    )
    changes.push(change)
    cases = casesAfter(cases, change, () => `c${++serial}`)
    deposit = change.deposit
  }
  return { deposit, changes, cases }
}

/** What the store makes of it. */
function casesAfter(cases: readonly DepositCase[], change: DepositChange, nextId: () => string): DepositCase[] {
  const changed = new Map(change.caseChanges.map((entry) => [entry.id, entry]))
  const releases = change.movements.some(({ releasesParts }) => releasesParts)
  const all = [
    ...cases.map((entry) => ({ ...entry, ...changed.get(entry.id) })),
    ...change.cases.map(({ kind, minor, currency, handling }): DepositCase => {
      const refunds = handling === 'refund'
      return { id: nextId(), kind, minor, currency, status: refunds ? 'refunding' : 'open', asked: refunds }
    }),
  ]
  return all.map((entry) =>
    releases && entry.kind === 'paid_partial' && entry.status === 'open' ? { ...entry, status: 'credited' } : entry,
  )
}

describe('whatever a provider says of a deposit', () => {
  it('no unit of money is lost, made, or given twice', () => {
    fc.assert(
      fc.property(fc.array(report, { maxLength: 8 }), latePolicy, (reports, policy) => {
        const { deposit, changes } = play(reports, policy)
        const movements = changes.flatMap((change) => change.movements)
        for (const { receivedMinor, ownerMinor, suspendedMinor, claimedMinor } of movements)
          expect(ownerMinor + suspendedMinor - claimedMinor).toBe(receivedMinor)
        const own = movements.filter((movement) => movement.currency === 'IDR')
        expect(sum(own, ({ ownerMinor }) => ownerMinor)).toBe(deposit.creditedMinor - deposit.takenBackMinor)
        expect(sum(own, ({ suspendedMinor }) => suspendedMinor)).toBe(
          deposit.partMinor + deposit.inReviewMinor + sum(own, ({ outsideMinor }) => outsideMinor),
        )
        const paid = reports.flatMap(({ payments }) => payments).filter((entry) => entry.currency === 'IDR')
        expect(deposit.receivedMinor).toBe(sum(paid, (entry) => entry.minor))
      }),
      { numRuns: 2000 },
    )
  })

  it('no sum of the deposit is below zero, and nobody loses more than was given', () => {
    fc.assert(
      fc.property(fc.array(report, { maxLength: 8 }), latePolicy, (reports, policy) => {
        const { deposit } = play(reports, policy)
        for (const amount of [deposit.partMinor, deposit.inReviewMinor, deposit.takenBackMinor])
          expect(amount >= 0n).toBe(true)
        expect(deposit.takenBackMinor <= deposit.creditedMinor).toBe(true)
        const wasSettled = ['settled', 'partially_refunded', 'refunded', 'reversed'].includes(deposit.status)
        expect(deposit.creditedMinor > 0n).toBe(wasSettled)
      }),
      { numRuns: 2000 },
    )
  })

  it('every unit in suspense stands in a case that is not closed, and so does every claim', () => {
    fc.assert(
      fc.property(fc.array(report, { maxLength: 8 }), latePolicy, (reports, policy) => {
        const { deposit, changes, cases } = play(reports, policy)
        const movements = changes.flatMap((change) => change.movements)
        const live = cases.filter(({ status }) => status === 'open' || status === 'refunding')
        const cased = (kinds: readonly string[], of: string) =>
          sum(
            live.filter((entry) => kinds.includes(entry.kind) && entry.currency === of),
            (entry) => entry.minor,
          )
        for (const of of ['IDR', 'USD']) {
          const moved = movements.filter((movement) => movement.currency === of)
          const outside = sum(moved, ({ outsideMinor }) => outsideMinor)
          expect(outside >= 0n).toBe(true)
          expect(cased(['wrong_currency'], of)).toBe(outside)
          expect(cased(['takeback_exceeds'], of)).toBe(sum(moved, ({ claimedMinor }) => claimedMinor))
        }
        expect(cased(['paid_late', 'paid_after_end'], 'IDR')).toBe(deposit.inReviewMinor)
        const waits = deposit.status === 'partially_paid' || deposit.status === 'processing'
        expect(cased(['paid_partial'], 'IDR')).toBe(waits ? 0n : deposit.partMinor)
      }),
      { numRuns: 2000 },
    )
  })

  it('its status moves by legal steps only, its version grows, and each end is announced once', () => {
    fc.assert(
      fc.property(fc.array(report, { maxLength: 8 }), latePolicy, (reports, policy) => {
        const { changes } = play(reports, policy)
        let before = depositIn('pending')
        for (const { deposit, steps } of changes) {
          expect(reachable(before, deposit.status), `${before.status} to ${deposit.status}`).toBe(true)
          expect(deposit.version).toBeGreaterThanOrEqual(before.version)
          if (deposit.version === before.version) expect(deposit).toEqual(before)
          else expect(steps.length).toBeGreaterThan(0)
          before = deposit
        }
        const outcomes = changes.flatMap((change) => change.outcomes)
        expect(outcomes.length).toBe(new Set(outcomes).size)
      }),
      { numRuns: 2000 },
    )
  })
})

/** Whether legal steps lead there; one report may take several. */
function reachable(from: Deposit, status: Deposit['status'], seen = new Set<string>()): boolean {
  if (from.status === status) return true
  if (seen.has(from.status)) return false
  seen.add(from.status)
  return depositStatuses.some((next) => canBecome(from, next) && reachable({ ...from, status: next }, status, seen))
}
