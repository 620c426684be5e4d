import type { DepositStatus } from '../../src/payments/domain/deposit.ts'
import type { ChargeReport, ProviderPayment, ProviderTakeback } from '../../src/payments/domain/gateway.ts'
import type { LatePolicy } from '../../src/payments/domain/payment-decisions.ts'

/** What the rules of the house make of one deposit, told anew: no line of it is shared with the product. */
export interface ModelDeposit {
  readonly id: string
  readonly owner: string
  readonly currency: string
  readonly due: bigint
  readonly endsAtMs: number
  readonly status: DepositStatus
  readonly received: bigint
  readonly credited: bigint
  readonly part: bigint
  readonly review: bigint
  readonly takenBack: bigint
  /** Transactions of the provider that count already. */
  readonly booked: ReadonlySet<string>
  /** What the provider holds for us because of it, by currency. */
  readonly atProvider: Readonly<Record<string, bigint>>
  /** What lies in suspense beside `part` and `review`: other currencies, and claims against the provider. */
  readonly outside: Readonly<Record<string, bigint>>
}

export interface ModelRules {
  readonly latePolicy: LatePolicy
  readonly nowMs: number
  readonly refunding: ReadonlySet<string>
}

const added = (sums: Readonly<Record<string, bigint>>, currency: string, minor: bigint) => ({
  ...sums,
  [currency]: (sums[currency] ?? 0n) + minor,
})
const least = (a: bigint, b: bigint) => (a < b ? a : b)
const isPaid = (status: DepositStatus) => status === 'settled' || status === 'partially_refunded'
const awaits = (status: DepositStatus) => status === 'pending' || status === 'partially_paid'

/** Everything in the report that was not booked before; null when it has to be asked for in full first. */
export function reported(deposit: ModelDeposit, report: ChargeReport, rules: ModelRules, complete: boolean) {
  const holds = deposit.credited - deposit.takenBack + deposit.part + deposit.review > 0n
  const isFresh = ({ transactionId }: { transactionId: string }) => !deposit.booked.has(transactionId)
  const payments = report.payments.filter(isFresh)
  const takebacks = report.takebacks.filter(isFresh)
  if (takebacks.length > 0 && payments.length === 0 && !holds && !complete) return null
  let next = deposit
  for (const payment of payments) if (isFresh(payment)) next = paidOnce(next, payment, rules)
  for (const takeback of takebacks) next = takenBackOnce(next, takeback, rules)
  if (report.status === 'processing' && next.status === 'pending') return { ...next, status: 'processing' as const }
  const deniable = ['created', 'pending', 'processing'].includes(next.status)
  return report.status === 'denied' && deniable ? { ...next, status: 'failed' as const } : next
}

function paidOnce(before: ModelDeposit, payment: ProviderPayment, rules: ModelRules): ModelDeposit {
  const { minor, currency, transactionId, paidAt } = payment
  if (before.booked.has(transactionId) || minor === 0n) return before
  const deposit: ModelDeposit = {
    ...before,
    booked: new Set([...before.booked, transactionId]),
    atProvider: added(before.atProvider, currency, minor),
  }
  if (currency !== deposit.currency) return { ...deposit, outside: added(deposit.outside, currency, minor) }
  const arrived = { ...deposit, received: deposit.received + minor }
  const late = Math.min(paidAt?.getTime() ?? rules.nowMs, rules.nowMs) > deposit.endsAtMs
  return late ? paidLate(arrived, minor, rules.latePolicy) : paidInTime(arrived, minor)
}

function paidInTime(deposit: ModelDeposit, minor: bigint): ModelDeposit {
  const { status, part, due } = deposit
  if (isPaid(status)) return { ...deposit, credited: deposit.credited + minor }
  if (['failed', 'refunded', 'reversed'].includes(status)) return { ...deposit, review: deposit.review + minor }
  if (part + minor >= due) return settled(deposit, minor)
  if (status === 'canceled') return { ...deposit, review: deposit.review + minor }
  const waits = status === 'created' || status === 'pending'
  return { ...deposit, part: part + minor, status: waits ? 'partially_paid' : status }
}

function paidLate(before: ModelDeposit, minor: bigint, policy: LatePolicy): ModelDeposit {
  const deposit: ModelDeposit = awaits(before.status) ? { ...before, status: 'expired' } : before
  if (policy === 'credit' && isPaid(deposit.status)) return { ...deposit, credited: deposit.credited + minor }
  const mayFollow = ['processing', 'expired', 'canceled'].includes(deposit.status)
  if (policy === 'credit' && mayFollow && deposit.part + minor >= deposit.due) return settled(deposit, minor)
  return { ...deposit, review: deposit.review + minor }
}

function settled(deposit: ModelDeposit, minor: bigint): ModelDeposit {
  return { ...deposit, status: 'settled', credited: deposit.credited + deposit.part + minor, part: 0n }
}

export function takenBackOnce(before: ModelDeposit, takeback: ProviderTakeback, rules: ModelRules): ModelDeposit {
  const { minor, currency, transactionId, kind } = takeback
  if (before.booked.has(transactionId) || minor === 0n) return before
  const deposit: ModelDeposit = {
    ...before,
    booked: new Set([...before.booked, transactionId]),
    atProvider: added(before.atProvider, currency, -minor),
  }
  const own = currency === deposit.currency
  const asked = rules.refunding.has(transactionId)
  const fromOwner = own && !asked ? least(minor, deposit.credited - deposit.takenBack) : 0n
  const fromPart = own && !asked ? least(minor - fromOwner, deposit.part) : 0n
  const fromReview = own ? least(minor - fromOwner - fromPart, deposit.review) : 0n
  const takenBack = deposit.takenBack + fromOwner
  const touched = fromOwner > 0n && isPaid(deposit.status)
  const refunded = takenBack === deposit.credited ? 'refunded' : 'partially_refunded'
  return {
    ...deposit,
    takenBack,
    part: deposit.part - fromPart,
    review: deposit.review - fromReview,
    outside: added(deposit.outside, currency, -(minor - fromOwner - fromPart - fromReview)),
    status: touched ? (kind === 'reversal' ? 'reversed' : refunded) : deposit.status,
  }
}

export function overdue(deposit: ModelDeposit, nowMs: number): boolean {
  return awaits(deposit.status) && deposit.endsAtMs < nowMs
}
