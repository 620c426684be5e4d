import type { DepositStatus } from '../../src/payments/domain/deposit-status.ts'
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
  /** In the order in which they were opened. */
  readonly cases: readonly ModelCase[]
}

/** Money that waits for somebody: a part, money under review or of another currency; or what the provider owes. */
export interface ModelCase {
  /** Null until the product has named it. */
  readonly id: string | null
  readonly of: 'part' | 'review' | 'foreign' | 'claim'
  readonly status: 'open' | 'refunding' | 'closed'
  readonly minor: bigint
  readonly currency: string
}

export interface ModelRules {
  readonly latePolicy: LatePolicy
  readonly nowMs: number
  /** Ids of cases that the provider was asked to refund. */
  readonly asked: ReadonlySet<string>
}

const added = (sums: Readonly<Record<string, bigint>>, currency: string, minor: bigint) => ({
  ...sums,
  [currency]: (sums[currency] ?? 0n) + minor,
})
const least = (a: bigint, b: bigint) => (a < b ? a : b)
const isPaid = (status: DepositStatus) => status === 'settled' || status === 'partially_refunded'
const awaits = (status: DepositStatus) => status === 'pending' || status === 'partially_paid'

const opened = (deposit: ModelDeposit, fresh: Omit<ModelCase, 'id' | 'currency'>, currency = deposit.currency) =>
  fresh.minor === 0n ? deposit : { ...deposit, cases: [...deposit.cases, { id: null, currency, ...fresh }] }
const claims = ({ cases }: ModelDeposit) => cases.filter((entry) => entry.of === 'claim').length

/** A part of a deposit that ended waits for somebody's decision. */
function ended(deposit: ModelDeposit, status: 'expired' | 'failed'): ModelDeposit {
  return opened({ ...deposit, status }, { of: 'part', status: 'open', minor: deposit.part })
}

export const expired = (deposit: ModelDeposit) => ended(deposit, 'expired')

/** Everything in the report that was not booked before; null when it has to be asked for in full first. */
export function reported(deposit: ModelDeposit, report: ChargeReport, rules: ModelRules, complete: boolean) {
  const isFresh = ({ transactionId }: { transactionId: string }) => !deposit.booked.has(transactionId)
  const payments = report.payments.filter(isFresh)
  const takebacks = report.takebacks.filter(isFresh)
  let next = deposit
  for (const payment of payments) if (isFresh(payment)) next = paidOnce(next, payment, rules)
  for (const takeback of takebacks) next = takenBackOnce(next, takeback, rules)
  if (claims(next) > claims(deposit) && !complete) return null
  if (report.status === 'processing' && next.status === 'pending') return { ...next, status: 'processing' as const }
  const deniable = ['created', 'pending', 'processing'].includes(next.status)
  if (report.status === 'denied' && deniable) return ended(next, 'failed')
  const over = report.status === 'paid' && report.payments.length > 0
  return complete && over && next.status === 'processing' ? ended(next, 'failed') : next
}

function paidOnce(before: ModelDeposit, payment: ProviderPayment, rules: ModelRules): ModelDeposit {
  const { minor, currency, transactionId, paidAt } = payment
  if (before.booked.has(transactionId) || minor === 0n) return before
  const deposit: ModelDeposit = {
    ...before,
    booked: new Set([...before.booked, transactionId]),
    atProvider: added(before.atProvider, currency, minor),
  }
  if (currency !== deposit.currency) return opened(deposit, { of: 'foreign', status: 'open', minor }, currency)
  const arrived = { ...deposit, received: deposit.received + minor }
  const late = Math.min(paidAt?.getTime() ?? rules.nowMs, rules.nowMs) > deposit.endsAtMs
  return late ? paidLate(arrived, minor, rules.latePolicy) : paidInTime(arrived, minor)
}

function paidInTime(deposit: ModelDeposit, minor: bigint): ModelDeposit {
  const { status, part, due } = deposit
  if (isPaid(status)) return { ...deposit, credited: deposit.credited + minor }
  if (['failed', 'refunded', 'reversed'].includes(status)) return reviewed(deposit, minor)
  if (part + minor >= due) return settled(deposit, minor)
  if (status === 'canceled') return reviewed(deposit, minor)
  const waits = status === 'created' || status === 'pending'
  const waiting: ModelDeposit = { ...deposit, part: part + minor, status: waits ? 'partially_paid' : status }
  return status === 'expired' ? opened(waiting, { of: 'part', status: 'open', minor }) : waiting
}

function reviewed(deposit: ModelDeposit, minor: bigint, status: ModelCase['status'] = 'open'): ModelDeposit {
  return opened({ ...deposit, review: deposit.review + minor }, { of: 'review', status, minor })
}

function paidLate(before: ModelDeposit, minor: bigint, policy: LatePolicy): ModelDeposit {
  const deposit = awaits(before.status) ? expired(before) : before
  if (policy === 'credit' && isPaid(deposit.status)) return { ...deposit, credited: deposit.credited + minor }
  const mayFollow = ['processing', 'expired', 'canceled'].includes(deposit.status)
  if (policy === 'credit' && mayFollow && deposit.part + minor >= deposit.due) return settled(deposit, minor)
  return reviewed(deposit, minor, policy === 'refund' ? 'refunding' : 'open')
}

function settled(deposit: ModelDeposit, minor: bigint): ModelDeposit {
  const cases = deposit.cases.map((entry) => (entry.of === 'part' ? { ...entry, status: 'closed' as const } : entry))
  return { ...deposit, cases, status: 'settled', credited: deposit.credited + deposit.part + minor, part: 0n }
}

/** Less money in live cases of that kind; whatever it touches is for a person to see, if anything is left to see. */
function drawn(deposit: ModelDeposit, wanted: bigint, rules: ModelRules, fits: (entry: ModelCase) => boolean) {
  let left = wanted
  const cases = [...deposit.cases]
  for (const turn of ['open', 'refunding'])
    deposit.cases.forEach((entry, index) => {
      if (entry.status !== turn || !fits(entry)) return
      const share = least(left, entry.minor)
      left -= share
      const minor = entry.minor - share
      const unsure = entry.id !== null && rules.asked.has(entry.id)
      if (share > 0n) cases[index] = { ...entry, minor, status: minor > 0n || unsure ? 'open' : 'closed' }
    })
  // One of this very report that is empty already is not worth opening.
  const kept = cases.filter(({ id, minor }) => id !== null || minor > 0n)
  return { deposit: { ...deposit, cases: kept }, minor: wanted - left }
}

/** The refund of a case comes from that case alone. */
function refundedOnce(deposit: ModelDeposit, asked: ModelCase, { minor, currency, transactionId }: ProviderTakeback) {
  const isLive = asked.status !== 'closed' && asked.of !== 'claim' && asked.currency === currency
  const share = isLive ? least(minor, asked.minor) : 0n
  const left = asked.minor - share
  const status = asked.status === 'closed' || left === 0n ? ('closed' as const) : ('open' as const)
  const cases = deposit.cases.map((entry) => (entry.id === transactionId ? { ...entry, minor: left, status } : entry))
  const taken: ModelDeposit = {
    ...deposit,
    cases,
    part: deposit.part - (asked.of === 'part' ? share : 0n),
    review: deposit.review - (asked.of === 'review' ? share : 0n),
  }
  return opened(taken, { of: 'claim', status: 'open', minor: minor - share }, currency)
}

/** The provider said that it will not refund the case. */
export function givenUp(deposit: ModelDeposit, caseId: string): ModelDeposit {
  const cases = deposit.cases.map((entry) =>
    entry.id === caseId && entry.status === 'refunding' ? { ...entry, status: 'open' as const } : entry,
  )
  return { ...deposit, cases }
}

export function takenBackOnce(before: ModelDeposit, takeback: ProviderTakeback, rules: ModelRules): ModelDeposit {
  const { minor, currency, transactionId, kind } = takeback
  if (before.booked.has(transactionId) || minor === 0n) return before
  const deposit: ModelDeposit = {
    ...before,
    booked: new Set([...before.booked, transactionId]),
    atProvider: added(before.atProvider, currency, -minor),
  }
  const asked = deposit.cases.find(({ id }) => id === transactionId)
  if (asked !== undefined) return refundedOnce(deposit, asked, takeback)
  if (currency !== deposit.currency) {
    const foreign = drawn(deposit, minor, rules, (entry) => entry.of === 'foreign' && entry.currency === currency)
    return opened(foreign.deposit, { of: 'claim', status: 'open', minor: minor - foreign.minor }, currency)
  }
  const fromOwner = least(minor, deposit.credited - deposit.takenBack)
  const fromPart = least(minor - fromOwner, deposit.part)
  const fromReview = least(minor - fromOwner - fromPart, deposit.review)
  const lessPart = drawn(deposit, fromPart, rules, ({ of }) => of === 'part').deposit
  const lessReview = drawn(lessPart, fromReview, rules, ({ of }) => of === 'review').deposit
  const takenBack = deposit.takenBack + fromOwner
  const touched = fromOwner > 0n && isPaid(deposit.status)
  const refunded = takenBack === deposit.credited ? 'refunded' : 'partially_refunded'
  const taken: ModelDeposit = {
    ...lessReview,
    takenBack,
    part: deposit.part - fromPart,
    review: deposit.review - fromReview,
    status: touched ? (kind === 'reversal' ? 'reversed' : refunded) : deposit.status,
  }
  return opened(taken, { of: 'claim', status: 'open', minor: minor - fromOwner - fromPart - fromReview })
}

export function overdue(deposit: ModelDeposit, nowMs: number): boolean {
  return awaits(deposit.status) && deposit.endsAtMs < nowMs
}
