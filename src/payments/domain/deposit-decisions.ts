import { become, canBecome, type Deposit, isOverdue } from './deposit.ts'
import { type DepositChange, followedBy, type Movement, type NewCase, type Step, unchanged } from './deposit-change.ts'
import type { ChargeReport, ProviderPayment, ProviderTakeback } from './gateway.ts'

export type LatePolicy = 'review' | 'credit' | 'refund'

/** What the decisions need to know beside the deposit and the report. */
export interface Circumstances {
  /** When we learnt of it, by the one clock; stands in for a payment time that the provider does not tell. */
  readonly now: Date
  readonly latePolicy: LatePolicy
  /** Ids of this deposit's cases whose money we asked the provider to send back. */
  readonly refundingCases: ReadonlySet<string>
}

/** The time is over. A part that was paid stays in suspense, with a case. */
export function expire(deposit: Deposit): DepositChange {
  const expired = become(deposit, 'expired')
  const partial = deposit.partMinor > 0n
  return {
    ...unchanged({ ...expired, exception: partial ? 'paid_partial' : deposit.exception }),
    steps: [{ action: 'deposit.expired', details: { receivedMinor: deposit.receivedMinor.toString() } }],
    cases: partial ? [newCase('paid_partial', deposit.partMinor, deposit.amount.currency, null)] : [],
    outcomes: ['expired'],
  }
}

export function cancel(deposit: Deposit): DepositChange {
  return {
    ...unchanged(become(deposit, 'canceled')),
    steps: [{ action: 'deposit.canceled', details: {} }],
    outcomes: ['canceled'],
  }
}

export function fail(deposit: Deposit, reason: string): DepositChange {
  return {
    ...unchanged(become(deposit, 'failed')),
    steps: [{ action: 'deposit.failed', details: { reason } }],
    outcomes: ['failed'],
  }
}

/**
 * Applies what a provider says: payments first, then what it took back, then the charge's own status. Only transactions
 * that were not applied before may be in the report.
 */
export function applyReport(deposit: Deposit, report: ChargeReport, circumstances: Circumstances): DepositChange {
  let change = unchanged(deposit)
  for (const payment of report.payments)
    change = followedBy(change, (current) => applyPayment(current, payment, circumstances))
  for (const takeback of report.takebacks)
    change = followedBy(change, (current) => applyTakeback(current, takeback, circumstances))
  return followedBy(change, (current) => applyStatus(current, report))
}

function applyStatus(deposit: Deposit, report: ChargeReport): DepositChange {
  if (report.status === 'processing' && deposit.status !== 'processing') {
    if (!canBecome(deposit, 'processing')) return refused(deposit, 'processing')
    return { ...unchanged(become(deposit, 'processing')), steps: [{ action: 'deposit.processing', details: {} }] }
  }
  if (report.status === 'denied' && deposit.status !== 'failed')
    return canBecome(deposit, 'failed') ? fail(deposit, 'denied by the provider') : refused(deposit, 'failed')
  return unchanged(deposit)
}

/** An illegal transition changes nothing and is recorded. */
function refused(deposit: Deposit, status: string): DepositChange {
  return {
    ...unchanged(deposit),
    steps: [{ action: 'deposit.transition_refused', details: { from: deposit.status, to: status } }],
  }
}

function applyPayment(deposit: Deposit, payment: ProviderPayment, circumstances: Circumstances): DepositChange {
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
  if (payment.minor === 0n) return change
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
    receivedMinor: deposit.receivedMinor + payment.minor,
    creditedMinor: deposit.creditedMinor + creditedMinor,
    partMinor: 0n,
    settledAt: now,
    nextCheckAt: null,
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
      receivedMinor: deposit.receivedMinor + payment.minor,
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
  const receivedMinor = deposit.receivedMinor + payment.minor
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
      receivedMinor: deposit.receivedMinor + ownCurrency,
      inReviewMinor: deposit.inReviewMinor + ownCurrency,
    }),
    steps: [{ action: 'payment.suspended', details: { reason: kind, minor: minor.toString(), currency, handling } }],
    movements: [
      arrival('suspension', payment, 'in_review', { suspendedMinor: minor, outsideMinor: minor - ownCurrency }),
    ],
    cases: [newCase(kind, minor, currency, transactionId, handling)],
  }
}

/**
 * The provider took money back: a refund we asked for, from its case; anything else from what the owner was given, then
 * from suspense. More than ever arrived is a claim against the provider, booked in suspense with a case.
 */
function applyTakeback(deposit: Deposit, takeback: ProviderTakeback, { refundingCases }: Circumstances): DepositChange {
  const { minor, kind, transactionId, currency } = takeback
  if (minor === 0n) return unchanged(deposit)
  const ownCurrency = currency === deposit.amount.currency
  const asked = refundingCases.has(transactionId)
  const fromOwner = ownCurrency && !asked ? smaller(minor, deposit.creditedMinor - deposit.takenBackMinor) : 0n
  const fromPart = ownCurrency && !asked ? smaller(minor - fromOwner, deposit.partMinor) : 0n
  const fromReview = ownCurrency ? smaller(minor - fromOwner - fromPart, deposit.inReviewMinor) : 0n
  const excess = asked ? 0n : minor - fromOwner - fromPart - fromReview
  const takenBackMinor = deposit.takenBackMinor + fromOwner
  const status =
    kind === 'reversal' ? 'reversed' : takenBackMinor >= deposit.creditedMinor ? 'refunded' : 'partially_refunded'
  const next =
    fromOwner > 0n && canBecome(deposit, status)
      ? become(deposit, status)
      : { ...deposit, version: deposit.version + 1 }
  return {
    deposit: {
      ...next,
      takenBackMinor,
      partMinor: deposit.partMinor - fromPart,
      inReviewMinor: deposit.inReviewMinor - fromReview,
    },
    steps: [
      {
        action: kind === 'reversal' ? 'payment.reversed' : 'payment.refunded',
        details: { transactionId, minor: minor.toString(), currency },
      },
    ],
    movements: [
      {
        kind,
        currency,
        transactionId,
        disposition: 'taken_back',
        receivedMinor: -minor,
        suspendedMinor: fromOwner - minor,
        outsideMinor: fromOwner + fromPart + fromReview - minor,
        ownerMinor: -fromOwner,
        releasesParts: false,
        closesCase: asked ? transactionId : null,
      },
    ],
    cases: excess > 0n ? [newCase('takeback_exceeds', excess, currency, transactionId)] : [],
    outcomes: next.status === 'reversed' && deposit.status !== 'reversed' ? ['reversed'] : [],
  }
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function newCase(
  kind: NewCase['kind'],
  minor: bigint,
  currency: string,
  transactionId: string | null,
  handling: NewCase['handling'] = 'review',
): NewCase {
  return { kind, minor, currency, transactionId, handling }
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
    ownerMinor: 0n,
    releasesParts: false,
    closesCase: null,
    ...share,
  }
}
