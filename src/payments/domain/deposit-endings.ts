import { become, type Deposit } from './deposit.ts'
import { type DepositChange, newCase, unchanged } from './deposit-change.ts'

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
