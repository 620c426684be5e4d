import type { Deposit } from './deposit.ts'
import type { Posting } from './ledger.ts'

/** Why somebody has to look at money that arrived. */
export type CaseKind = 'paid_late' | 'paid_partial' | 'wrong_currency' | 'paid_after_end' | 'takeback_exceeds'

export interface NewCase {
  readonly kind: CaseKind
  readonly minor: bigint
  readonly currency: string
  readonly transactionId: string | null
  /** `refund`: to be sent back without anybody's decision. */
  readonly handling: 'review' | 'refund'
}

export type CaseStatus = 'open' | 'refunding' | 'refunded' | 'credited' | 'taken_back'

/** A case of the deposit as it stands. */
export interface DepositCase {
  readonly id: string
  readonly kind: CaseKind
  readonly status: CaseStatus
  /** What is left of its money, or was when it was closed; of `takeback_exceeds`, what the provider owes. */
  readonly minor: bigint
  readonly currency: string
  /** Whether the provider was asked to send it back, and may have done so. */
  readonly asked: boolean
}

/** What becomes of a case. */
export type CaseChange = Pick<DepositCase, 'id' | 'status' | 'minor'>

/** How a deposit ended, as its owner is told. */
export type PaymentOutcome = 'paid' | 'expired' | 'failed' | 'canceled' | 'reversed'

/** A step for the deposit's story. */
export interface Step {
  readonly action: string
  readonly details: Readonly<Record<string, unknown>>
}

/** Where the money of a provider's transaction is: with its owner, waiting for the rest, under a case, or sent back. */
export type Disposition = 'credited' | 'part' | 'in_review' | 'taken_back'

/**
 * What a decision about a deposit comes to. The domain decides; the store writes all of it in one transaction.
 */
export interface DepositChange {
  readonly deposit: Deposit
  readonly steps: readonly Step[]
  readonly movements: readonly Movement[]
  readonly cases: readonly NewCase[]
  /** At most one for each case there was before. */
  readonly caseChanges: readonly CaseChange[]
  readonly outcomes: readonly PaymentOutcome[]
}

/** Money that moves because of one transaction of the provider. */
export interface Movement {
  readonly kind: Posting['kind']
  readonly currency: string
  readonly transactionId: string
  readonly disposition: Disposition
  /** Added to what the provider holds for us; negative when it takes back. */
  readonly receivedMinor: bigint
  /** Added to suspense; negative when it leaves. */
  readonly suspendedMinor: bigint
  /** The share of `suspendedMinor` that the deposit's own sums do not tell: it is of another currency. */
  readonly outsideMinor: bigint
  /** What the provider took beyond what it held, and owes us. */
  readonly claimedMinor: bigint
  /** Added to the owner's wallet (debt first); negative when taken from it. */
  readonly ownerMinor: bigint
  /** Parts paid before leave suspense with it. */
  readonly releasesParts: boolean
}

export function unchanged(deposit: Deposit): DepositChange {
  return { deposit, steps: [], movements: [], cases: [], caseChanges: [], outcomes: [] }
}

/** Puts a later change after an earlier one. */
export function followedBy(first: DepositChange, decide: (deposit: Deposit) => DepositChange): DepositChange {
  const second = decide(first.deposit)
  return {
    deposit: second.deposit,
    steps: [...first.steps, ...second.steps],
    movements: [...first.movements, ...second.movements],
    cases: [...first.cases, ...second.cases],
    caseChanges: [...first.caseChanges, ...second.caseChanges],
    outcomes: [...first.outcomes, ...second.outcomes],
  }
}

export function newCase(
  kind: NewCase['kind'],
  minor: bigint,
  currency: string,
  transactionId: string | null,
  handling: NewCase['handling'] = 'review',
): NewCase {
  return { kind, minor, currency, transactionId, handling }
}
