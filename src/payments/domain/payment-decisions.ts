import { checkAfterSettling } from './check-times.ts'
import { become, canBecome, type Deposit, isOverdue } from './deposit.ts'
import {
  type DepositChange,
  followedBy,
  type Movement,
  type NewCase,
  newCase,
  type Step,
  unchanged,
} from './deposit-change.ts'
import { expire } from './deposit-endings.ts'
import { fitting } from './fitting.ts'
import type { ProviderPayment } from './gateway.ts'

export type LatePolicy = 'review' | 'credit' | 'refund'

/** What the decisions need to know beside the deposit and the report. */
export interface Circumstances {
  /** When we learnt of it, by the one clock; stands in for a payment time that the provider does not tell. */
  readonly now: Date
  readonly latePolicy: LatePolicy
}

/**
 * Where a payment goes: to the owner, into suspense to wait for the rest, or into suspense with a case. Throws
 * `money.out_of_range` where it, or all that the deposit received with it, does not fit 64 bits.
 */
export function applyPayment(deposit: Deposit, payment: ProviderPayment, circumstances: Circumstances): DepositChange {
  if (payment.minor === 0n) return unchanged(deposit)
  const arrived: Step = {
    action: 'payment.received',
    details: {
      transactionId: payment.transactionId,
      minor: payment.minor.toString(),
      currency: payment.currency,
      paidAt: payment.paidAt?.toISOString() ?? null,
    },
  }
  const change = { ...unchanged(deposit), steps: [arrived] }
  fitting(payment.minor, payment.currency)
  if (payment.currency !== deposit.amount.currency)
    return followedBy(change, (current) => suspend(current, payment, 'wrong_currency'))
  // Nobody pays after we learnt of it: a provider's clock that runs ahead must not end a countdown.
  const paidAt = payment.paidAt === null || payment.paidAt > circumstances.now ? circumstances.now : payment.paidAt
  if (paidAt <= deposit.expiresAt)
    return followedBy(change, (current) => applyInTime(current, payment, circumstances.now))
  const ended = isOverdue(deposit, paidAt) ? followedBy(change, expire) : change
  return followedBy(ended, (current) => applyLate(current, payment, circumstances))
}

function applyInTime(deposit: Deposit, payment: ProviderPayment, now: Date): DepositChange {
  if (deposit.status === 'settled' || deposit.status === 'partially_refunded')
    return credit(deposit, payment, 'paid_over')
  if (deposit.status === 'failed' || deposit.status === 'refunded' || deposit.status === 'reversed')
    return suspend(deposit, payment, 'paid_after_end')
  const total = deposit.partMinor + payment.minor
  if (total >= deposit.amount.minor)
    return settle(deposit, payment, total > deposit.amount.minor ? 'paid_over' : deposit.exception, now)
  if (deposit.status === 'canceled') return suspend(deposit, payment, 'paid_after_end')
  return receivePart(deposit, payment)
}

function applyLate(
  deposit: Deposit,
  payment: ProviderPayment,
  { latePolicy: policy, now }: Circumstances,
): DepositChange {
  const late: Deposit = { ...deposit, exception: 'paid_late' }
  if (policy === 'credit') {
    if (deposit.status === 'settled' || deposit.status === 'partially_refunded')
      return credit(late, payment, 'paid_late')
    if (canBecome(deposit, 'settled') && deposit.partMinor + payment.minor >= deposit.amount.minor)
      return settle(late, payment, 'paid_late', now)
  }
  return suspend(late, payment, 'paid_late', policy === 'refund' ? 'refund' : 'review')
}

/** The sum is reached: everything received goes to the owner, what waited in suspense included. */
function settle(deposit: Deposit, payment: ProviderPayment, exception: Deposit['exception'], now: Date): DepositChange {
  const released = deposit.partMinor
  const creditedMinor = released + payment.minor
  const settled: Deposit = {
    ...become(openedByPayment(deposit), 'settled'),
    exception: exception === 'paid_partial' ? 'none' : exception,
    receivedMinor: receivedWith(deposit, payment.minor),
    creditedMinor: deposit.creditedMinor + creditedMinor,
    partMinor: 0n,
    settledAt: now,
    nextCheckAt: checkAfterSettling(deposit.expiresAt, now),
  }
  return {
    ...unchanged(settled),
    steps: [
      { action: 'deposit.settled', details: { creditedMinor: creditedMinor.toString(), exception: settled.exception } },
    ],
    movements: [
      arrival('deposit', payment, 'credited', {
        suspendedMinor: -released,
        ownerMinor: creditedMinor,
        // Also where a part was taken back since: its transaction and its case wait no more.
        releasesParts: deposit.receivedMinor > 0n,
      }),
    ],
    outcomes: ['paid'],
  }
}

/** A charge may be paid before our own confirmation of it came through. */
function openedByPayment(deposit: Deposit): Deposit {
  return deposit.status === 'created' ? become(deposit, 'pending') : deposit
}

/** More money for a deposit that is settled already. */
function credit(deposit: Deposit, payment: ProviderPayment, exception: Deposit['exception']): DepositChange {
  return {
    ...unchanged({
      ...deposit,
      exception,
      version: deposit.version + 1,
      receivedMinor: receivedWith(deposit, payment.minor),
      creditedMinor: deposit.creditedMinor + payment.minor,
    }),
    steps: [{ action: 'deposit.credited_more', details: { creditedMinor: payment.minor.toString(), exception } }],
    movements: [arrival('deposit', payment, 'credited', { ownerMinor: payment.minor })],
  }
}

/** A part of the sum; it waits in suspense for the rest. After the end that takes proof of payment in time, and a case. */
function receivePart(deposit: Deposit, payment: ProviderPayment): DepositChange {
  const open = openedByPayment(deposit)
  const moved = canBecome(open, 'partially_paid')
    ? become(open, 'partially_paid')
    : { ...open, version: open.version + 1 }
  const receivedMinor = receivedWith(deposit, payment.minor)
  return {
    ...unchanged({ ...moved, exception: 'paid_partial', receivedMinor, partMinor: deposit.partMinor + payment.minor }),
    steps: [{ action: 'deposit.partially_paid', details: { receivedMinor: receivedMinor.toString() } }],
    movements: [arrival('suspension', payment, 'part', { suspendedMinor: payment.minor })],
    cases:
      deposit.status === 'expired'
        ? [newCase('paid_partial', payment.minor, payment.currency, payment.transactionId)]
        : [],
  }
}

/** Money that must not reach the owner without somebody's decision. */
function suspend(
  deposit: Deposit,
  payment: ProviderPayment,
  kind: NewCase['kind'],
  handling: NewCase['handling'] = 'review',
): DepositChange {
  const { minor, currency, transactionId } = payment
  const ownCurrency = currency === deposit.amount.currency ? minor : 0n
  return {
    ...unchanged({
      ...deposit,
      version: deposit.version + 1,
      receivedMinor: receivedWith(deposit, ownCurrency),
      inReviewMinor: deposit.inReviewMinor + ownCurrency,
    }),
    steps: [{ action: 'payment.suspended', details: { reason: kind, minor: minor.toString(), currency, handling } }],
    movements: [
      arrival('suspension', payment, 'in_review', { suspendedMinor: minor, outsideMinor: minor - ownCurrency }),
    ],
    cases: [newCase(kind, minor, currency, transactionId, handling)],
  }
}

/** Every other sum of a deposit is a share of this one, and fits when it does. */
function receivedWith(deposit: Deposit, minor: bigint): bigint {
  return fitting(deposit.receivedMinor + minor, deposit.amount.currency)
}

function arrival(
  kind: Movement['kind'],
  { minor, currency, transactionId }: ProviderPayment,
  disposition: Movement['disposition'],
  share: Partial<Pick<Movement, 'suspendedMinor' | 'outsideMinor' | 'ownerMinor' | 'releasesParts'>>,
): Movement {
  return {
    kind,
    currency,
    transactionId,
    disposition,
    receivedMinor: minor,
    suspendedMinor: 0n,
    outsideMinor: 0n,
    claimedMinor: 0n,
    ownerMinor: 0n,
    releasesParts: false,
    ...share,
  }
}
