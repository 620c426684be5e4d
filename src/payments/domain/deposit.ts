import { DomainError } from '../../kernel/errors.ts'
import type { Money } from '../../kernel/money.ts'
import { checkBeforeEnd, firstCheckAt } from './check-times.ts'
import { type DepositStatus, expiringStatuses, openStatuses } from './deposit-status.ts'
import type { DepositMethod, PaymentKind } from './gateway.ts'

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
    nextCheckAt: firstCheckAt(now),
    checks: 0,
  }
}

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
  return { ...pending, nextCheckAt: checkBeforeEnd(pending, lateWatchMs), checks: 0 }
}
