import { DomainError } from '../../kernel/errors.ts'
import type { Money } from '../../kernel/money.ts'
import type { DepositMethod, PaymentKind } from './gateway.ts'

export const depositStatuses = [
  'created',
  'pending',
  'partially_paid',
  'processing',
  'settled',
  'expired',
  'failed',
  'canceled',
  'partially_refunded',
  'refunded',
  'reversed',
] as const
export type DepositStatus = (typeof depositStatuses)[number]
export type DepositException = 'none' | 'paid_partial' | 'paid_over' | 'paid_late' | 'marked'

/** Every step a deposit may take. What is not here is illegal and changes nothing. */
const transitions: Readonly<Record<DepositStatus, readonly DepositStatus[]>> = {
  created: ['pending', 'failed'],
  pending: ['partially_paid', 'processing', 'settled', 'expired', 'failed', 'canceled'],
  partially_paid: ['settled', 'expired'],
  processing: ['settled', 'failed'],
  expired: ['settled'],
  canceled: ['settled'],
  settled: ['partially_refunded', 'refunded', 'reversed'],
  partially_refunded: ['refunded', 'reversed'],
  failed: [],
  refunded: [],
  reversed: [],
}

/** Statuses that a deposit leaves by itself when its time is over. */
export const expiringStatuses = ['pending', 'partially_paid'] as const satisfies readonly DepositStatus[]
/** Statuses in which the countdown runs for whoever watches. */
export const openStatuses = [
  'created',
  'pending',
  'partially_paid',
  'processing',
] as const satisfies readonly DepositStatus[]

export interface Deposit {
  readonly id: string
  readonly ownerId: string
  readonly status: DepositStatus
  readonly exception: DepositException
  readonly version: number
  readonly amount: Money
  /** All that arrived in the deposit's currency, whatever became of it. */
  readonly receivedMinor: bigint
  /** What the owner has been given. */
  readonly creditedMinor: bigint
  /** Parts that were paid in time and wait in suspense for the rest. */
  readonly partMinor: bigint
  /** What waits in suspense for a case to be closed. */
  readonly inReviewMinor: bigint
  /** What the provider has taken back of what was credited. */
  readonly takenBackMinor: bigint
  readonly method: string
  readonly gateway: string
  readonly paymentKind: PaymentKind
  readonly paymentLabel: string
  readonly reference: string
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly settledAt: Date | null
  /** When to ask the gateway next; null when there is nothing left to learn. */
  readonly nextCheckAt: Date | null
  readonly checks: number
}

export function canBecome(deposit: Deposit, status: DepositStatus): boolean {
  return transitions[deposit.status].includes(status)
}

/** Moves the deposit on. Throws `deposit.transition_illegal`. */
export function become(deposit: Deposit, status: DepositStatus): Deposit {
  if (!canBecome(deposit, status))
    throw new DomainError('deposit.transition_illegal', 'conflict', {
      from: deposit.status,
      to: status,
      depositId: deposit.id,
    })
  return { ...deposit, status, version: deposit.version + 1 }
}

export function isOpen({ status }: Pick<Deposit, 'status'>): boolean {
  return (openStatuses as readonly DepositStatus[]).includes(status)
}

/** Whether the time has come to expire it. */
export function isOverdue(deposit: Deposit, now: Date): boolean {
  return (expiringStatuses as readonly DepositStatus[]).includes(deposit.status) && deposit.expiresAt < now
}

interface NewDeposit {
  readonly id: string
  readonly ownerId: string
  readonly amount: Money
  readonly method: DepositMethod
  readonly reference: string
  readonly now: Date
}

/**
 * A deposit that waits for its gateway to confirm the charge; the countdown runs from now.
 * Throws `deposit.currency_mismatch` or `deposit.amount_out_of_range`.
 */
export function newDeposit({ id, ownerId, amount, method, reference, now }: NewDeposit): Deposit {
  checkAmount(amount, method)
  return {
    id,
    ownerId,
    status: 'created',
    exception: 'none',
    version: 1,
    amount,
    receivedMinor: 0n,
    creditedMinor: 0n,
    partMinor: 0n,
    inReviewMinor: 0n,
    takenBackMinor: 0n,
    method: method.method,
    gateway: method.gateway,
    paymentKind: method.kind,
    paymentLabel: method.label,
    reference,
    createdAt: now,
    expiresAt: new Date(now.getTime() + method.ttlMs),
    settledAt: null,
    nextCheckAt: new Date(now.getTime() + createdCheckMs),
    checks: 0,
  }
}

/** A charge that is not confirmed after this was lost on the way to the gateway or back. */
const createdCheckMs = 5_000

export function checkAmount(amount: Money, { currency, minMinor, maxMinor }: DepositMethod): void {
  if (amount.currency !== currency)
    throw new DomainError('deposit.currency_mismatch', 'invalid', { field: 'amount.currency', currency })
  if (amount.minor < minMinor || amount.minor > maxMinor)
    throw new DomainError('deposit.amount_out_of_range', 'invalid', {
      field: 'amount.minor',
      minMinor: minMinor.toString(),
      maxMinor: maxMinor.toString(),
    })
}

/** The gateway has confirmed the charge; `reference` is what the payer uses. */
export function confirmCharge(deposit: Deposit, reference: string, lateWatchMs: number): Deposit {
  const pending = { ...become(deposit, 'pending'), reference }
  return scheduleFirstCheck(pending, lateWatchMs)
}

const beforeEndMs = 5_000

function scheduleFirstCheck(deposit: Deposit, lateWatchMs: number): Deposit {
  const lifeMs = deposit.expiresAt.getTime() - deposit.createdAt.getTime()
  const earlyMs = Math.min(beforeEndMs, Math.floor(lifeMs / 4))
  const nextCheckAt = new Date(deposit.expiresAt.getTime() - Math.min(earlyMs, lateWatchMs))
  return { ...deposit, nextCheckAt, checks: 0 }
}

const afterEndMs = 1_000
const growth = 4

/**
 * When to ask the gateway again: just after the end, then with growing pauses until the late watch ends. A payment that
 * is being processed is asked about for as long as it takes. `now` is after the check that was just made.
 */
export function scheduleNextCheck(deposit: Deposit, now: Date, lateWatchMs: number): Deposit {
  const checks = deposit.checks + 1
  const settled = !isOpen(deposit) && !(deposit.status === 'expired' || deposit.status === 'canceled')
  if (settled) return { ...deposit, checks, nextCheckAt: null }
  const justAfterEnd = deposit.expiresAt.getTime() + afterEndMs
  if (now.getTime() < justAfterEnd && deposit.status !== 'created')
    return { ...deposit, checks, nextCheckAt: new Date(justAfterEnd) }
  const pauseMs = Math.min(3600_000, createdCheckMs * growth ** Math.min(checks, 8))
  const capMs =
    deposit.status === 'created' ? Math.max(justAfterEnd, now.getTime() + createdCheckMs) : Number.POSITIVE_INFINITY
  const nextCheckAt = new Date(Math.min(now.getTime() + pauseMs, capMs))
  const watchEnds = deposit.expiresAt.getTime() + lateWatchMs
  const over = nextCheckAt.getTime() > watchEnds && !isOpen(deposit)
  return { ...deposit, checks, nextCheckAt: over ? null : nextCheckAt }
}
