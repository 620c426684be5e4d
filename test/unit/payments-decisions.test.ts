import { describe, expect, it } from 'vitest'
import { minorMax } from '../../src/kernel/money.ts'
import type { Deposit } from '../../src/payments/domain/deposit.ts'
import { applyReport } from '../../src/payments/domain/deposit-decisions.ts'
import { expire } from '../../src/payments/domain/deposit-endings.ts'
import { type DepositStatus, depositStatuses } from '../../src/payments/domain/deposit-status.ts'
import type { ChargeStatus, ProviderPayment } from '../../src/payments/domain/gateway.ts'
import type { LatePolicy } from '../../src/payments/domain/payment-decisions.ts'
import { at, depositIn, endAt, learnt, paid, says } from '../support/deposits.ts'

const late = new Date(endAt.getTime() + 1)
const policies: readonly LatePolicy[] = ['review', 'credit', 'refund']

function apply(deposit: Deposit, payments: readonly ProviderPayment[], latePolicy: LatePolicy = 'review') {
  return applyReport(deposit, says({ status: 'paid', payments }), learnt(at(70_000), { latePolicy }))
}

/** Where the money of a change ends up. */
function flows({ movements }: ReturnType<typeof apply>) {
  const sum = (pick: (movement: (typeof movements)[number]) => bigint) => movements.reduce((a, m) => a + pick(m), 0n)
  return {
    received: sum((m) => m.receivedMinor),
    owner: sum((m) => m.ownerMinor),
    suspended: sum((m) => m.suspendedMinor),
  }
}

describe('a payment in time', () => {
  it.each<[DepositStatus, bigint, DepositStatus, Deposit['exception'], bigint, bigint]>([
    // from, paid, becomes, exception, to the owner, to suspense
    ['created', 100n, 'settled', 'none', 100n, 0n],
    ['created', 40n, 'partially_paid', 'paid_partial', 0n, 40n],
    ['pending', 100n, 'settled', 'none', 100n, 0n],
    ['pending', 150n, 'settled', 'paid_over', 150n, 0n],
    ['pending', 99n, 'partially_paid', 'paid_partial', 0n, 99n],
    ['partially_paid', 60n, 'settled', 'none', 100n, -40n],
    ['partially_paid', 61n, 'settled', 'paid_over', 101n, -40n],
    ['partially_paid', 10n, 'partially_paid', 'paid_partial', 0n, 10n],
    ['processing', 100n, 'settled', 'none', 100n, 0n],
    ['processing', 40n, 'processing', 'paid_partial', 0n, 40n],
    ['expired', 100n, 'settled', 'none', 100n, 0n],
    ['expired', 40n, 'expired', 'paid_partial', 0n, 40n],
    ['canceled', 100n, 'settled', 'none', 100n, 0n],
    ['canceled', 40n, 'canceled', 'none', 0n, 40n],
    ['settled', 40n, 'settled', 'paid_over', 40n, 0n],
    ['partially_refunded', 40n, 'partially_refunded', 'paid_over', 40n, 0n],
    ['failed', 100n, 'failed', 'none', 0n, 100n],
    ['refunded', 100n, 'refunded', 'none', 0n, 100n],
    ['reversed', 100n, 'reversed', 'none', 0n, 100n],
  ])('%s, paid %s: %s (%s), %s to the owner, %s to suspense', (from, minor, becomes, exception, owner, suspended) => {
    const before = depositIn(from)
    const change = apply(before, [paid(minor)])
    expect(change.deposit).toMatchObject({ status: becomes, exception })
    expect(flows(change)).toEqual({ received: minor, owner, suspended })
    expect(change.deposit.version).toBeGreaterThan(before.version)
    expect(change.deposit.receivedMinor).toBe(before.receivedMinor + minor)
    expect(change.deposit.creditedMinor).toBe(before.creditedMinor + owner)
    expect(change.outcomes).toEqual(becomes === 'settled' && from !== 'settled' ? ['paid'] : [])
  })

  it('is in time at the very end of the countdown', () => {
    expect(apply(depositIn('expired'), [paid(100n, { paidAt: endAt })]).deposit.status).toBe('settled')
    expect(apply(depositIn('expired'), [paid(100n, { paidAt: late })]).deposit.status).toBe('expired')
  })

  it('without a time of its own counts from when we learnt of it', () => {
    const told = (now: Date) =>
      applyReport(depositIn('pending'), says({ payments: [paid(100n, { paidAt: null })] }), learnt(now)).deposit.status
    expect(told(endAt)).toBe('settled')
    expect(told(late)).toBe('expired')
  })

  it('with a time ahead of our clock counts from when we learnt of it', () => {
    const change = applyReport(
      depositIn('pending'),
      says({ payments: [paid(100n, { paidAt: at(999_999) })] }),
      learnt(at(1)),
    )
    expect(change.deposit.status).toBe('settled')
  })

  it.each<DepositStatus>(['canceled', 'failed', 'refunded', 'reversed'])('after %s opens a case', (status) => {
    const { cases, deposit } = apply(depositIn(status), [paid(40n)])
    expect(cases).toEqual([
      { kind: 'paid_after_end', minor: 40n, currency: 'IDR', transactionId: 't-1', handling: 'review' },
    ])
    expect(deposit.inReviewMinor).toBe(40n)
  })

  it('of a part, learnt of after the deposit expired, opens a case of that part', () => {
    const { cases, deposit } = apply(depositIn('expired'), [paid(40n)])
    expect(cases).toEqual([
      { kind: 'paid_partial', minor: 40n, currency: 'IDR', transactionId: 't-1', handling: 'review' },
    ])
    expect(deposit.partMinor).toBe(40n)
  })

  it('of nothing moves nothing', () => {
    const before = depositIn('pending')
    const change = apply(before, [paid(0n)])
    expect(change.deposit).toEqual(before)
    expect(change.movements).toEqual([])
  })

  it('in parts of one report is credited as a whole', () => {
    const change = apply(depositIn('pending'), [paid(40n), paid(60n, { transactionId: 't-2' })])
    expect(change.deposit).toMatchObject({ status: 'settled', exception: 'none', partMinor: 0n, creditedMinor: 100n })
    expect(flows(change)).toEqual({ received: 100n, owner: 100n, suspended: 0n })
    expect(change.movements.map(({ disposition }) => disposition)).toEqual(['part', 'credited'])
  })
})

describe.each(policies)('a late payment under the policy %s', (policy) => {
  it.each(depositStatuses)('for a deposit that is %s', (status) => {
    const before = depositIn(status)
    const rest = before.amount.minor - before.partMinor
    const change = apply(before, [paid(rest, { paidAt: late })], policy)
    const creditable = ['pending', 'partially_paid', 'processing', 'expired', 'canceled'].includes(status)
    const settled = ['settled', 'partially_refunded'].includes(status)
    const credited = policy === 'credit' && (creditable || settled)
    const ends = ['pending', 'partially_paid'].includes(status)
    expect(change.deposit.exception).toBe('paid_late')
    expect(change.deposit.status).toBe(credited && creditable ? 'settled' : ends ? 'expired' : status)
    expect(flows(change).received).toBe(rest)
    expect(flows(change).owner).toBe(credited ? rest + (creditable ? before.partMinor : 0n) : 0n)
    expect(change.cases.filter(({ kind }) => kind === 'paid_late')).toEqual(
      credited
        ? []
        : [
            {
              kind: 'paid_late',
              minor: rest,
              currency: 'IDR',
              transactionId: 't-1',
              handling: policy === 'refund' ? 'refund' : 'review',
            },
          ],
    )
    expect(change.outcomes).toEqual([
      ...(ends ? ['expired'] : []),
      ...(change.deposit.status === 'settled' && !settled ? ['paid'] : []),
    ])
  })

  it('of a part never settles', () => {
    const change = apply(depositIn('expired'), [paid(99n, { paidAt: late })], policy)
    expect(change.deposit).toMatchObject({ status: 'expired', inReviewMinor: 99n, creditedMinor: 0n })
  })
})

describe('money in another currency', () => {
  it.each(depositStatuses)('is never credited to a deposit that is %s', (status) => {
    const before = depositIn(status)
    for (const policy of policies)
      for (const paidAt of [at(1), late, null]) {
        const change = apply(before, [paid(1000n, { currency: 'USD', paidAt })], policy)
        const { nextCheckAt } = change.deposit
        expect(change.deposit).toEqual({ ...before, version: before.version + 1, nextCheckAt })
        expect(change.movements).toMatchObject([
          { currency: 'USD', ownerMinor: 0n, suspendedMinor: 1000n, outsideMinor: 1000n },
        ])
        expect(change.cases).toMatchObject([{ kind: 'wrong_currency', minor: 1000n, currency: 'USD' }])
      }
  })
})

describe('what a provider says of a charge', () => {
  const told = (status: DepositStatus, said: 'processing' | 'denied') =>
    applyReport(depositIn(status), says({ status: said }), learnt(at(1)))

  it.each(depositStatuses)('processing or denied, for a deposit that is %s', (status) => {
    const legal = { processing: ['pending'], denied: ['created', 'pending', 'processing'] }
    const becomes = { processing: 'processing', denied: 'failed' } as const
    for (const said of ['processing', 'denied'] as const) {
      const change = told(status, said)
      const moved = legal[said].includes(status)
      const same = status === becomes[said]
      expect(change.deposit).toMatchObject(moved ? { status: becomes[said] } : depositIn(status))
      expect(change.steps.map(({ action }) => action)).toEqual(
        same ? [] : [moved ? `deposit.${becomes[said]}` : 'deposit.transition_refused'],
      )
      expect(change.movements).toEqual([])
      if (!moved && !same) expect(change.steps[0]?.details).toEqual({ from: status, to: becomes[said] })
    }
  })

  it('counts after the payments of the same report', () => {
    const change = applyReport(depositIn('pending'), says({ status: 'denied', payments: [paid(100n)] }), learnt(at(1)))
    expect(change.deposit.status).toBe('settled')
    expect(change.outcomes).toEqual(['paid'])
  })
})

describe('a payment that is processed', () => {
  const processing = depositIn('processing', { nextCheckAt: at(99_000) })
  const answer = (status: ChargeStatus, payments: readonly ProviderPayment[]) => {
    const whole = says({ status, payments })
    return applyReport(processing, whole, learnt(at(70_000), { whole }))
  }

  it('and turns out to be too late leaves a case, and the provider is asked at once whether more is to come', () => {
    const told = says({ status: 'paid', payments: [paid(100n, { paidAt: late })] })
    const change = applyReport(processing, told, learnt(at(70_000)))
    expect(change.deposit).toMatchObject({ status: 'processing', inReviewMinor: 100n, nextCheckAt: at(70_000) })
    expect(change.cases).toMatchObject([{ kind: 'paid_late', minor: 100n }])
  })

  it.each([
    ['too late', paid(100n, { paidAt: late }), 'paid_late'],
    ['too little', paid(40n), 'paid_partial'],
    ['of another currency', paid(100n, { currency: 'USD' }), 'wrong_currency'],
  ])('and turns out to be %s ends once that is all there is', (_what, payment, kind) => {
    const change = answer('paid', [payment])
    expect(change.deposit.status).toBe('failed')
    expect(change.outcomes).toEqual(['failed'])
    expect(change.cases).toMatchObject([{ kind, minor: payment.minor, handling: 'review' }])
  })

  it('ends when the provider gave it up', () => {
    for (const status of ['expired', 'canceled', 'denied'] as const)
      expect(answer(status, []).deposit.status).toBe('failed')
  })

  it('goes on while the provider processes it, or says that it is paid and not by what', () => {
    expect(answer('processing', [paid(100n, { paidAt: late })]).deposit).toMatchObject({
      status: 'processing',
      nextCheckAt: at(99_000),
    })
    expect(answer('paid', []).deposit).toEqual(processing)
    expect(answer('open', []).deposit).toEqual(processing)
  })

  it('keeps its part in a case when the rest is denied', () => {
    const change = applyReport(
      depositIn('processing', { receivedMinor: 40n, partMinor: 40n }),
      says({ status: 'denied' }),
      learnt(at(1)),
    )
    expect(change.deposit).toMatchObject({ status: 'failed', partMinor: 40n })
    expect(change.cases).toMatchObject([{ kind: 'paid_partial', minor: 40n, handling: 'review' }])
  })
})

describe('an amount beyond 64 bits', () => {
  const refusal = expect.objectContaining({ code: 'money.out_of_range', kind: 'invalid' })

  it.each(depositStatuses)('is refused as one payment, for a deposit that is %s', (status) => {
    for (const currency of ['IDR', 'USD'])
      expect(() => apply(depositIn(status), [paid(minorMax + 1n, { currency })])).toThrow(refusal)
  })

  it.each(depositStatuses)('is refused as the sum of many, for a deposit that is %s', (status) => {
    const before = depositIn(status, { receivedMinor: minorMax - 50n })
    for (const paidAt of [at(1), late]) {
      expect(() => apply(before, [paid(51n, { paidAt })])).toThrow(refusal)
      expect(apply(before, [paid(50n, { paidAt })]).deposit.receivedMinor).toBe(minorMax)
    }
  })
})

describe('the end of the countdown', () => {
  it('leaves a part in suspense, with a case', () => {
    const change = expire(depositIn('partially_paid'))
    expect(change.deposit).toMatchObject({ status: 'expired', exception: 'paid_partial', partMinor: 40n })
    expect(change.cases).toEqual([
      { kind: 'paid_partial', minor: 40n, currency: 'IDR', transactionId: null, handling: 'review' },
    ])
  })

  it('opens no case where nothing was paid', () => {
    expect(expire(depositIn('pending')).cases).toEqual([])
  })
})
