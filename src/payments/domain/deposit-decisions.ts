import { become, canBecome, type Deposit } from './deposit.ts'
import { type DepositChange, followedBy, unchanged } from './deposit-change.ts'
import { fail } from './deposit-endings.ts'
import type { ChargeReport } from './gateway.ts'
import { applyPayment, type Circumstances } from './payment-decisions.ts'
import { applyTakeback } from './takeback-decisions.ts'

/**
 * Applies what a provider says: payments first, then what it took back, then the charge's own status. Only transactions
 * that were not applied before may be in the report.
 */
export function applyReport(deposit: Deposit, report: ChargeReport, circumstances: Circumstances): DepositChange {
  let change = unchanged(deposit)
  for (const payment of report.payments)
    change = followedBy(change, (current) => applyPayment(current, payment, circumstances))
  for (const takeback of report.takebacks)
    change = followedBy(change, (current) => applyTakeback(current, takeback, circumstances.refundingCases))
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
