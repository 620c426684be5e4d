import { describe, expect, it } from 'vitest'
import type { Deposit } from '../../src/payments/domain/deposit.ts'
import type { DepositCase } from '../../src/payments/domain/deposit-change.ts'
import { applyReport } from '../../src/payments/domain/deposit-decisions.ts'
import { depositStatuses } from '../../src/payments/domain/deposit-status.ts'
import type { ProviderTakeback } from '../../src/payments/domain/gateway.ts'
import { at, caseOf, depositIn, endAt, learnt, paid, says, taken } from '../support/deposits.ts'

function takeBack(deposit: Deposit, takeback: ProviderTakeback, cases: readonly DepositCase[] = []) {
  return applyReport(deposit, says({ status: 'paid', takebacks: [takeback] }), learnt(at(2000), { cases }))
}

/** The one movement of a takeback, and that nothing is lost between its accounts. */
function movementOf({ movements }: ReturnType<typeof takeBack>) {
  expect(movements).toHaveLength(1)
  const [movement] = movements
  const { suspendedMinor, ownerMinor, claimedMinor, receivedMinor } = movement!
  expect(suspendedMinor + ownerMinor - claimedMinor).toBe(receivedMinor)
  return movement!
}

describe('a refund', () => {
  it.each([
    [1n, 'partially_refunded', []],
    [99n, 'partially_refunded', []],
    [100n, 'refunded', []],
  ] as const)('of %s from a settled deposit makes it %s', (minor, status, outcomes) => {
    const change = takeBack(depositIn('settled'), taken(minor))
    expect(change.deposit).toMatchObject({ status, takenBackMinor: minor, creditedMinor: 100n })
    expect(movementOf(change)).toMatchObject({ kind: 'refund', ownerMinor: -minor, suspendedMinor: 0n })
    expect(change.outcomes).toEqual(outcomes)
    expect(change.cases).toEqual([])
  })

  it('in two steps ends as refunded', () => {
    const first = takeBack(depositIn('settled'), taken(60n)).deposit
    const second = takeBack(first, taken(20n, { transactionId: 'b-2' })).deposit
    expect(second).toMatchObject({ status: 'partially_refunded', takenBackMinor: 80n })
    expect(takeBack(second, taken(20n, { transactionId: 'b-3' })).deposit).toMatchObject({
      status: 'refunded',
      takenBackMinor: 100n,
    })
  })

  it('told in one report with its payment is applied after it', () => {
    const report = says({ status: 'paid', payments: [paid(100n)], takebacks: [taken(100n)] })
    const change = applyReport(depositIn('pending'), report, learnt(at(2000)))
    expect(change.deposit).toMatchObject({ status: 'refunded', creditedMinor: 100n, takenBackMinor: 100n })
    expect(change.cases).toEqual([])
  })

  it.each(depositStatuses)('of nothing moves nothing, for a deposit that is %s', (status) => {
    const before = depositIn(status)
    const change = takeBack(before, taken(0n))
    expect(change.deposit).toEqual(before)
    expect(change.movements).toEqual([])
    expect(change.cases).toEqual([])
  })
})

describe('a reversal', () => {
  it.each(['settled', 'partially_refunded'] as const)('of a %s deposit is announced once', (status) => {
    const change = takeBack(depositIn(status), taken(70n, { kind: 'reversal' }))
    expect(change.deposit.status).toBe('reversed')
    expect(movementOf(change)).toMatchObject({ kind: 'reversal', ownerMinor: -70n })
    expect(change.outcomes).toEqual(['reversed'])
    const again = takeBack(change.deposit, taken(5n, { kind: 'reversal', transactionId: 'b-2' }))
    expect(again.outcomes).toEqual([])
  })

  it('never turns a settled deposit into a failed one', () => {
    const change = applyReport(
      depositIn('settled'),
      says({ status: 'denied', takebacks: [taken(100n, { kind: 'reversal' })] }),
      learnt(at(2000)),
    )
    expect(change.deposit.status).toBe('reversed')
  })
})

describe('a takeback', () => {
  it('before any payment is a claim against the provider, with a case', () => {
    const before = depositIn('pending')
    const change = takeBack(before, taken(100n))
    expect(change.deposit).toEqual({ ...before, version: before.version + 1 })
    expect(movementOf(change)).toMatchObject({ ownerMinor: 0n, suspendedMinor: 0n, claimedMinor: 100n })
    expect(change.cases).toEqual([
      { kind: 'takeback_exceeds', minor: 100n, currency: 'IDR', transactionId: 'b-1', handling: 'review' },
    ])
  })

  it('of more than arrived takes what is there and claims the rest', () => {
    const before = depositIn('settled', { inReviewMinor: 20n, receivedMinor: 120n })
    const change = takeBack(before, taken(150n, { kind: 'reversal' }), [caseOf('paid_late', 20n)])
    expect(change.deposit).toMatchObject({ status: 'reversed', takenBackMinor: 100n, inReviewMinor: 0n })
    expect(movementOf(change)).toMatchObject({ ownerMinor: -100n, suspendedMinor: -20n, claimedMinor: 30n })
    expect(change.cases).toMatchObject([{ kind: 'takeback_exceeds', minor: 30n }])
    expect(change.caseChanges).toEqual([{ id: 'case of paid_late', status: 'taken_back', minor: 20n }])
  })

  it('of a part that waits comes from suspense, and the deposit goes on waiting', () => {
    const change = takeBack(depositIn('partially_paid'), taken(30n))
    expect(change.deposit).toMatchObject({ status: 'partially_paid', partMinor: 10n, takenBackMinor: 0n })
    expect(movementOf(change)).toMatchObject({ ownerMinor: 0n, suspendedMinor: -30n, outsideMinor: 0n })
  })

  it('of a part under a case leaves the rest of it there', () => {
    const before = depositIn('expired', { receivedMinor: 40n, partMinor: 40n })
    const change = takeBack(before, taken(30n), [caseOf('paid_partial', 40n)])
    expect(change.deposit.partMinor).toBe(10n)
    expect(change.caseChanges).toEqual([{ id: 'case of paid_partial', status: 'open', minor: 10n }])
  })

  it('in one report with the payment that it takes back leaves no case behind', () => {
    const payments = [paid(100n, { paidAt: new Date(endAt.getTime() + 1) })]
    const report = says({ status: 'paid', payments, takebacks: [taken(100n)] })
    const change = applyReport(depositIn('expired'), report, learnt(at(70_000)))
    expect(change.deposit).toMatchObject({ receivedMinor: 100n, inReviewMinor: 0n })
    expect([change.cases, change.caseChanges]).toEqual([[], []])
  })

  it('comes from cases that nobody sends back, as far as they go', () => {
    const before = depositIn('expired', { receivedMinor: 80n, inReviewMinor: 80n })
    const cases = [
      caseOf('paid_late', 50n, { id: 'c-1', status: 'refunding', asked: true }),
      caseOf('paid_after_end', 30n, { id: 'c-2' }),
    ]
    expect(takeBack(before, taken(30n), cases).caseChanges).toEqual([{ id: 'c-2', status: 'taken_back', minor: 30n }])
    expect(takeBack(before, taken(40n), cases).caseChanges).toEqual([
      { id: 'c-1', status: 'open', minor: 40n },
      { id: 'c-2', status: 'taken_back', minor: 30n },
    ])
  })
})

describe('a takeback in another currency', () => {
  const usd = (minor: bigint) => taken(minor, { currency: 'USD' })

  it('than anything that came touches nothing of the deposit', () => {
    const before = depositIn('settled')
    const change = takeBack(before, usd(100n))
    expect(change.deposit).toEqual({ ...before, version: before.version + 1 })
    expect(movementOf(change)).toMatchObject({ currency: 'USD', ownerMinor: 0n, claimedMinor: 100n })
    expect(change.cases).toMatchObject([{ kind: 'takeback_exceeds', minor: 100n, currency: 'USD' }])
  })

  it('takes what came in it, and closes its case', () => {
    const before = depositIn('settled')
    const cases = [
      caseOf('wrong_currency', 70n, { id: 'eur', currency: 'EUR' }),
      caseOf('wrong_currency', 100n, { id: 'usd', currency: 'USD' }),
    ]
    const change = takeBack(before, usd(100n), cases)
    expect(change.deposit).toEqual({ ...before, version: before.version + 1 })
    expect(movementOf(change)).toMatchObject({ suspendedMinor: -100n, outsideMinor: -100n, claimedMinor: 0n })
    expect(change.cases).toEqual([])
    expect(change.caseChanges).toEqual([{ id: 'usd', status: 'taken_back', minor: 100n }])
    expect(movementOf(takeBack(before, usd(130n), cases))).toMatchObject({ outsideMinor: -100n, claimedMinor: 30n })
    expect(takeBack(before, usd(30n), cases).caseChanges).toEqual([{ id: 'usd', status: 'open', minor: 70n }])
  })
})

describe('a refund that we asked for', () => {
  const refunding = (over: Partial<DepositCase> = {}) =>
    caseOf('paid_late', 50n, { id: 'c-1', status: 'refunding', asked: true, ...over })
  const refund = (minor: bigint, over: Partial<ProviderTakeback> = {}) =>
    taken(minor, { transactionId: 'c-1', ...over })
  const before = depositIn('settled', { inReviewMinor: 50n, receivedMinor: 150n })

  it('comes from its case and not from the owner', () => {
    const change = takeBack(before, refund(50n), [refunding()])
    expect(change.deposit).toMatchObject({ status: 'settled', takenBackMinor: 0n, inReviewMinor: 0n })
    expect(movementOf(change)).toMatchObject({ ownerMinor: 0n, suspendedMinor: -50n, claimedMinor: 0n })
    expect(change.caseChanges).toEqual([{ id: 'c-1', status: 'refunded', minor: 50n }])
    expect(change.cases).toEqual([])
  })

  it('in another currency leaves the deposit as it is', () => {
    const expired = depositIn('expired')
    const change = takeBack(expired, refund(50n, { currency: 'USD' }), [
      refunding({ kind: 'wrong_currency', currency: 'USD' }),
    ])
    expect(change.deposit).toEqual({ ...expired, version: expired.version + 1 })
    expect(movementOf(change)).toMatchObject({ suspendedMinor: -50n, outsideMinor: -50n, claimedMinor: 0n })
    expect(change.caseChanges).toEqual([{ id: 'c-1', status: 'refunded', minor: 50n }])
    expect(change.cases).toEqual([])
  })

  it('is not asked for again once the provider took the money itself; nobody knows whether it was sent, too', () => {
    const change = takeBack(depositIn('expired', { receivedMinor: 50n, inReviewMinor: 50n }), taken(50n), [refunding()])
    expect(change.caseChanges).toEqual([{ id: 'c-1', status: 'open', minor: 0n }])
    expect(change.steps.map(({ action }) => action)).toEqual(['payment.refunded', 'refund.stopped'])
  })

  it('was never asked for, and the provider took the money itself: the case is closed', () => {
    const change = takeBack(depositIn('expired', { receivedMinor: 50n, inReviewMinor: 50n }), taken(50n), [
      refunding({ asked: false }),
    ])
    expect(change.caseChanges).toEqual([{ id: 'c-1', status: 'taken_back', minor: 50n }])
  })

  it.each([
    ['open', 'refunded'],
    ['taken_back', 'taken_back'],
  ] as const)('and was made beside a takeback of the same money is a loss: its case was %s', (status, becomes) => {
    const empty = depositIn('settled')
    const change = takeBack(empty, refund(50n), [refunding({ status, minor: 0n })])
    expect(change.deposit).toEqual({ ...empty, version: empty.version + 1 })
    expect(movementOf(change)).toMatchObject({ ownerMinor: 0n, suspendedMinor: 0n, claimedMinor: 50n })
    expect(change.cases).toMatchObject([{ kind: 'takeback_exceeds', minor: 50n, transactionId: 'c-1' }])
    expect(change.caseChanges.map((entry) => entry.status)).toEqual(status === becomes ? [] : [becomes])
  })

  it('and the takeback come out alike in either order of one report', () => {
    const holding = depositIn('expired', { receivedMinor: 50n, inReviewMinor: 50n })
    for (const takebacks of [
      [refund(50n), taken(50n)],
      [taken(50n), refund(50n)],
    ]) {
      const change = applyReport(holding, says({ takebacks }), learnt(at(70_000), { cases: [refunding()] }))
      expect(change.deposit.inReviewMinor).toBe(0n)
      expect(change.caseChanges).toMatchObject([{ id: 'c-1', status: 'refunded' }])
      expect(change.cases).toMatchObject([{ kind: 'takeback_exceeds', minor: 50n }])
    }
  })

  it('of another amount or currency than asked for leaves what is left to a person', () => {
    expect(takeBack(before, refund(20n), [refunding()]).caseChanges).toEqual([
      { id: 'c-1', status: 'open', minor: 30n },
    ])
    const odd = takeBack(before, refund(50n, { currency: 'USD' }), [refunding()])
    expect(odd.caseChanges).toEqual([{ id: 'c-1', status: 'open', minor: 50n }])
    expect(movementOf(odd)).toMatchObject({ suspendedMinor: 0n, claimedMinor: 50n })
  })
})
