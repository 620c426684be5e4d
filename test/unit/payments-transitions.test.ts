import { describe, expect, it } from 'vitest'
import { DomainError } from '../../src/kernel/errors.ts'
import {
  become,
  canBecome,
  checkAmount,
  confirmCharge,
  isOpen,
  isOverdue,
  newDeposit,
} from '../../src/payments/domain/deposit.ts'
import { cancel, expire, fail } from '../../src/payments/domain/deposit-endings.ts'
import { type DepositStatus, depositStatuses } from '../../src/payments/domain/deposit-status.ts'
import { depositIn, idr, method, startAt } from '../support/deposits.ts'

/** The state machine as the domain's own words have it. */
const legal: Readonly<Record<DepositStatus, readonly DepositStatus[]>> = {
  created: ['pending', 'failed'],
  pending: ['partially_paid', 'processing', 'settled', 'expired', 'failed', 'canceled'],
  partially_paid: ['settled', 'expired'],
  processing: ['settled', 'failed'],
  expired: ['settled'],
  canceled: ['settled'],
  settled: ['partially_refunded', 'refunded', 'reversed'],
  // A deposit that was refunded in part may lose the rest.
  partially_refunded: ['refunded', 'reversed'],
  failed: [],
  refunded: [],
  reversed: [],
}

const pairs = depositStatuses.flatMap((from) => depositStatuses.map((to) => ({ from, to })))

function refusalOf(work: () => unknown): DomainError {
  try {
    work()
  } catch (error) {
    if (error instanceof DomainError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('a deposit', () => {
  it.each(pairs.filter(({ from, to }) => legal[from].includes(to)))('may go from $from to $to', ({ from, to }) => {
    const deposit = depositIn(from)
    expect(canBecome(deposit, to)).toBe(true)
    expect(become(deposit, to)).toEqual({ ...deposit, status: to, version: deposit.version + 1 })
  })

  it.each(pairs.filter(({ from, to }) => !legal[from].includes(to)))('never goes from $from to $to', ({ from, to }) => {
    const deposit = depositIn(from)
    expect(canBecome(deposit, to)).toBe(false)
    const { code, kind, details } = refusalOf(() => become(deposit, to))
    expect({ code, kind, details }).toEqual({
      code: 'deposit.transition_illegal',
      kind: 'conflict',
      details: { from, to, depositId: deposit.id },
    })
  })

  it.each(depositStatuses)('in %s is canceled, expired and failed only where that is legal', (status) => {
    const steps = { canceled: cancel, expired: expire, failed: (d: Parameters<typeof fail>[0]) => fail(d, 'why') }
    for (const [to, step] of Object.entries(steps)) {
      if (!legal[status].includes(to as DepositStatus)) {
        expect(refusalOf(() => step(depositIn(status))).code).toBe('deposit.transition_illegal')
        continue
      }
      const change = step(depositIn(status))
      expect(change.deposit.status).toBe(to)
      expect(change.outcomes).toEqual([to])
      expect(change.steps.map(({ action }) => action)).toEqual([`deposit.${to}`])
      expect(change.movements).toEqual([])
    }
  })

  it('is open in exactly the statuses in which something is awaited', () => {
    const open = depositStatuses.filter((status) => isOpen(depositIn(status)))
    expect(open).toEqual(['created', 'pending', 'partially_paid', 'processing'])
  })

  it('is overdue after its end, not at it, and only while nobody else decides its fate', () => {
    const end = depositIn('pending').expiresAt
    const after = new Date(end.getTime() + 1)
    expect(isOverdue(depositIn('pending'), end)).toBe(false)
    expect(depositStatuses.filter((status) => isOverdue(depositIn(status), after))).toEqual([
      'pending',
      'partially_paid',
    ])
  })
})

describe('a new deposit', () => {
  const asked = { id: 'd', ownerId: 'u', method, reference: 'r', now: startAt }

  it('awaits its charge, and its countdown runs', () => {
    const deposit = newDeposit({ ...asked, amount: idr(100n) })
    expect(deposit).toMatchObject({ status: 'created', exception: 'none', version: 1, receivedMinor: 0n, checks: 0 })
    expect(deposit.expiresAt.getTime() - startAt.getTime()).toBe(method.ttlMs)
    expect(deposit.nextCheckAt).toEqual(new Date(startAt.getTime() + 5000))
  })

  it.each([
    [method.minMinor - 1n, 'below'],
    [method.maxMinor + 1n, 'above'],
    [0n, 'zero'],
    [-method.minMinor, 'negative'],
  ])('of %s (%s the limits) is refused and told the limits', (minor) => {
    const { code, details } = refusalOf(() => newDeposit({ ...asked, amount: idr(minor) }))
    expect(code).toBe('deposit.amount_out_of_range')
    expect(details).toEqual({ field: 'amount.minor', minMinor: '10', maxMinor: '1000' })
  })

  it('takes both ends of the range', () => {
    expect(() => checkAmount(idr(method.minMinor), method)).not.toThrow()
    expect(() => checkAmount(idr(method.maxMinor), method)).not.toThrow()
  })

  it('takes the currency of its method only', () => {
    const { code, details } = refusalOf(() => newDeposit({ ...asked, amount: { minor: 100n, currency: 'USD' } }))
    expect({ code, details }).toEqual({
      code: 'deposit.currency_mismatch',
      details: { field: 'amount.currency', currency: 'IDR' },
    })
  })

  it('becomes pending with the reference that the gateway chose', () => {
    const pending = confirmCharge(newDeposit({ ...asked, amount: idr(100n) }), 'chosen', 60_000)
    expect(pending).toMatchObject({ status: 'pending', reference: 'chosen', version: 2, checks: 0 })
  })
})
