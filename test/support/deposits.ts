import type { Money } from '../../src/kernel/money.ts'
import { type Deposit, newDeposit } from '../../src/payments/domain/deposit.ts'
import type { DepositCase } from '../../src/payments/domain/deposit-change.ts'
import type { ReportCircumstances } from '../../src/payments/domain/deposit-decisions.ts'
import type { DepositStatus } from '../../src/payments/domain/deposit-status.ts'
import type {
  ChargeReport,
  DepositMethod,
  ProviderPayment,
  ProviderTakeback,
} from '../../src/payments/domain/gateway.ts'

export const startAt = new Date('2026-01-01T00:00:00.000Z')
export const at = (ms: number) => new Date(startAt.getTime() + ms)
export const idr = (minor: bigint): Money => ({ minor, currency: 'IDR' })

export const method: DepositMethod = {
  method: 'bank',
  gateway: 'fake',
  kind: 'virtual_account',
  label: 'Bank',
  currency: 'IDR',
  minMinor: 10n,
  maxMinor: 1000n,
  ttlMs: 60_000,
}
/** Ends of the countdown of `depositIn`. */
export const endAt = at(method.ttlMs)

const settledLike: readonly DepositStatus[] = ['settled', 'partially_refunded', 'refunded', 'reversed']

/** A deposit of 100 IDR in that status, with the sums that go with it. */
export function depositIn(status: DepositStatus, over: Partial<Deposit> = {}): Deposit {
  const fresh = newDeposit({ id: 'd-1', ownerId: 'u-1', amount: idr(100n), method, reference: 'r-1', now: startAt })
  const paid = settledLike.includes(status) ? { receivedMinor: 100n, creditedMinor: 100n, settledAt: at(1000) } : {}
  const part = status === 'partially_paid' ? { receivedMinor: 40n, partMinor: 40n } : {}
  const taken = { partially_refunded: 30n, refunded: 100n, reversed: 100n }[status as string] ?? 0n
  return { ...fresh, status, version: 7, takenBackMinor: taken, ...paid, ...part, ...over }
}

export function paid(minor: bigint, over: Partial<ProviderPayment> = {}): ProviderPayment {
  return { transactionId: 't-1', minor, currency: 'IDR', paidAt: at(30_000), ...over }
}

export function taken(minor: bigint, over: Partial<ProviderTakeback> = {}): ProviderTakeback {
  return { transactionId: 'b-1', kind: 'refund', minor, currency: 'IDR', ...over }
}

export function says(over: Partial<ChargeReport>): ChargeReport {
  return { chargeId: 'd-1', status: 'open', payments: [], takebacks: [], ...over }
}

/** Circumstances of a notice. */
export function learnt(now: Date, over: Partial<ReportCircumstances> = {}): ReportCircumstances {
  return { now, latePolicy: 'review', cases: [], whole: null, ...over }
}

export function caseOf(kind: DepositCase['kind'], minor: bigint, over: Partial<DepositCase> = {}): DepositCase {
  return { id: `case of ${kind}`, kind, status: 'open', minor, currency: 'IDR', asked: false, ...over }
}
