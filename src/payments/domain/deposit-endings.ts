import { become, type Deposit } from './deposit.ts'
import { type DepositChange, type NewCase, newCase, unchanged } from './deposit-change.ts'

/** The time is over. A part that was paid stays in suspense, with a case. */
export function expire(deposit: Deposit): DepositChange {
  const expired = become(deposit, 'expired')
  return {
    ...unchanged({ ...expired, exception: deposit.partMinor > 0n ? 'paid_partial' : deposit.exception }),
    steps: [{ action: 'deposit.expired', details: { receivedMinor: deposit.receivedMinor.toString() } }],
    cases: caseOfPart(deposit),
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

/** A part that was paid while the rest was being processed stays in suspense, with a case. */
export function fail(deposit: Deposit, reason: string): DepositChange {
  return {
    ...unchanged(become(deposit, 'failed')),
    steps: [{ action: 'deposit.failed', details: { reason } }],
    cases: caseOfPart(deposit),
    outcomes: ['failed'],
  }
}

function caseOfPart({ partMinor, amount }: Deposit): NewCase[] {
  return partMinor > 0n ? [newCase('paid_partial', partMinor, amount.currency, null)] : []
}
