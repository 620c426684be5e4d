import { become, canBecome, type Deposit } from './deposit.ts'
import { type DepositCase, type DepositChange, followedBy, unchanged } from './deposit-change.ts'
import { fail } from './deposit-endings.ts'
import type { ChargeReport } from './gateway.ts'
import { applyPayment, type Circumstances } from './payment-decisions.ts'
import { applyTakeback } from './takeback-decisions.ts'

export interface ReportCircumstances extends Circumstances {
  /** The deposit's cases; needed where the report tells of takebacks. */
  readonly cases: readonly DepositCase[]
  /** Everything that the provider knows, told before or not, where that is what it said. */
  readonly whole: ChargeReport | null
}

/**
 * Applies what a provider says: payments first, then what it took back, then the charge's own status. Only transactions
 * that were not applied before may be in the report. Throws `money.out_of_range`.
 */
export function applyReport(deposit: Deposit, report: ChargeReport, circumstances: ReportCircumstances): DepositChange {
  let change = unchanged(deposit)
  for (const payment of report.payments)
    change = followedBy(change, (current) => applyPayment(current, payment, circumstances))
  for (const takeback of report.takebacks) change = applyTakeback(change, takeback, circumstances.cases)
  const moved = change.movements.length > 0
  return followedBy(change, (current) => {
    const next = applyStatus(current, report, circumstances.whole)
    // Money came and did not settle it: the provider is asked at once whether more is to come.
    if (next.deposit.status !== 'processing' || circumstances.whole !== null || !moved) return next
    return { ...next, deposit: { ...next.deposit, nextCheckAt: circumstances.now } }
  })
}

function applyStatus(deposit: Deposit, report: ChargeReport, whole: ChargeReport | null): DepositChange {
  if (report.status === 'processing' && deposit.status !== 'processing') {
    if (!canBecome(deposit, 'processing')) return refused(deposit, 'processing')
    return { ...unchanged(become(deposit, 'processing')), steps: [{ action: 'deposit.processing', details: {} }] }
  }
  if (report.status === 'denied' && deposit.status !== 'failed')
    return canBecome(deposit, 'failed') ? fail(deposit, 'denied by the provider') : refused(deposit, 'failed')
  // All that came is applied, and it was not what was awaited: too late, too little, or of another currency.
  if (deposit.status === 'processing' && whole !== null && isOver(whole))
    return fail(deposit, 'the provider has nothing more to process')
  return unchanged(deposit)
}

/** A charge that is said to be paid by nothing is not told in full yet. */
function isOver({ status, payments }: ChargeReport): boolean {
  return status === 'expired' || status === 'canceled' || (status === 'paid' && payments.length > 0)
}

/** An illegal transition changes nothing and is recorded. */
function refused(deposit: Deposit, status: string): DepositChange {
  return {
    ...unchanged(deposit),
    steps: [{ action: 'deposit.transition_refused', details: { from: deposit.status, to: status } }],
  }
}
