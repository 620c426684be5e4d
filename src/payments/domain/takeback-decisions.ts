import { become, canBecome, type Deposit } from './deposit.ts'
import { type DepositChange, newCase, unchanged } from './deposit-change.ts'
import type { ProviderTakeback } from './gateway.ts'

/**
 * The provider took money back: a refund we asked for, from its case; anything else from what the owner was given, then
 * from suspense. More than ever arrived is a claim against the provider, booked in suspense with a case.
 */
export function applyTakeback(
  deposit: Deposit,
  takeback: ProviderTakeback,
  refundingCases: ReadonlySet<string>,
): DepositChange {
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
