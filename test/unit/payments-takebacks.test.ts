import { describe, expect, it } from 'vitest'
import { type Deposit, depositStatuses } from '../../src/payments/domain/deposit.ts'
import { applyReport } from '../../src/payments/domain/deposit-decisions.ts'
import type { ProviderTakeback } from '../../src/payments/domain/gateway.ts'
import { at, depositIn, paid, says, taken } from '../support/deposits.ts'

function takeBack(deposit: Deposit, takeback: ProviderTakeback, refundingCases: readonly string[] = []) {
  return applyReport(deposit, says({ status: 'paid', takebacks: [takeback] }), {
    now: at(2000),
    latePolicy: 'review',
    refundingCases: new Set(refundingCases),
  })
}

/** The one movement of a takeback, and that nothing is lost between its three accounts. */
function movementOf({ movements }: ReturnType<typeof takeBack>) {
  expect(movements).toHaveLength(1)
  const [movement] = movements
  expect(movement!.suspendedMinor + movement!.ownerMinor).toBe(movement!.receivedMinor)
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
    const circumstances = { now: at(2000), latePolicy: 'review' as const, refundingCases: new Set<string>() }
    const change = applyReport(depositIn('pending'), report, circumstances)
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
      {
        now: at(2000),
        latePolicy: 'review',
        refundingCases: new Set(),
      },
    )
    expect(change.deposit.status).toBe('reversed')
  })
})

describe('a takeback', () => {
  it('before any payment is a claim against the provider, with a case', () => {
    const before = depositIn('pending')
    const change = takeBack(before, taken(100n))
    expect(change.deposit).toEqual({ ...before, version: before.version + 1 })
    expect(movementOf(change)).toMatchObject({ ownerMinor: 0n, suspendedMinor: -100n, outsideMinor: -100n })
    expect(change.cases).toEqual([
      { kind: 'takeback_exceeds', minor: 100n, currency: 'IDR', transactionId: 'b-1', handling: 'review' },
    ])
  })

  it('of more than arrived takes what is there and claims the rest', () => {
    const before = depositIn('settled', { inReviewMinor: 20n, receivedMinor: 120n })
    const change = takeBack(before, taken(150n, { kind: 'reversal' }))
    expect(change.deposit).toMatchObject({ status: 'reversed', takenBackMinor: 100n, inReviewMinor: 0n })
    expect(movementOf(change)).toMatchObject({ ownerMinor: -100n, suspendedMinor: -50n, outsideMinor: -30n })
    expect(change.cases).toMatchObject([{ kind: 'takeback_exceeds', minor: 30n }])
  })

  it('of a part that waits comes from suspense, and the deposit goes on waiting', () => {
    const change = takeBack(depositIn('partially_paid'), taken(30n))
    expect(change.deposit).toMatchObject({ status: 'partially_paid', partMinor: 10n, takenBackMinor: 0n })
    expect(movementOf(change)).toMatchObject({ ownerMinor: 0n, suspendedMinor: -30n, outsideMinor: 0n })
  })

  it('in another currency touches nothing of the deposit', () => {
    const before = depositIn('settled')
    const change = takeBack(before, taken(100n, { currency: 'USD' }))
    expect(change.deposit).toEqual({ ...before, version: before.version + 1 })
    expect(movementOf(change)).toMatchObject({ currency: 'USD', ownerMinor: 0n, suspendedMinor: -100n })
    expect(change.cases).toMatchObject([{ kind: 'takeback_exceeds', minor: 100n, currency: 'USD' }])
  })

  it('that we asked for comes from its case and not from the owner', () => {
    const before = depositIn('settled', { inReviewMinor: 50n, receivedMinor: 150n })
    const change = takeBack(before, taken(50n, { transactionId: 'case-1' }), ['case-1'])
    expect(change.deposit).toMatchObject({ status: 'settled', takenBackMinor: 0n, inReviewMinor: 0n })
    expect(movementOf(change)).toMatchObject({ ownerMinor: 0n, suspendedMinor: -50n, closesCase: 'case-1' })
    expect(change.cases).toEqual([])
  })

  it('that we asked for in another currency leaves the deposit as it is', () => {
    const before = depositIn('expired')
    const change = takeBack(before, taken(50n, { transactionId: 'case-1', currency: 'USD' }), ['case-1'])
    expect(change.deposit).toEqual({ ...before, version: before.version + 1 })
    expect(movementOf(change)).toMatchObject({ suspendedMinor: -50n, outsideMinor: -50n, closesCase: 'case-1' })
    expect(change.cases).toEqual([])
  })
})
