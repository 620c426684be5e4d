import { become, canBecome, type Deposit } from './deposit.ts'
import { type DepositCase, type DepositChange, newCase, type Step } from './deposit-change.ts'
import { fitting } from './fitting.ts'
import type { ProviderTakeback } from './gateway.ts'
import {
  drawFrom,
  isLive,
  placeOf,
  type StandingCase,
  smaller,
  standingCases,
  withStandingCases,
} from './standing-cases.ts'

/** What a takeback takes from where, and the cases as it leaves them. What is missing to its sum was never there. */
interface Shares {
  readonly owner: bigint
  readonly part: bigint
  readonly review: bigint
  readonly outside: bigint
  readonly cases: readonly StandingCase[]
}

/**
 * The provider took money back: a refund we asked for, from its case; anything else from what the owner was given, then
 * from suspense. What it took beyond what it held it owes us, and a case says so. `before` are the deposit's cases at the
 * start of the change. Throws `money.out_of_range`.
 */
export function applyTakeback(
  change: DepositChange,
  takeback: ProviderTakeback,
  before: readonly DepositCase[],
): DepositChange {
  const { minor, kind, transactionId, currency } = takeback
  if (minor === 0n) return change
  fitting(minor, currency)
  const { deposit } = change
  const standing = standingCases(change, before)
  const asked = standing.find(({ id }) => id === transactionId)
  const shares =
    asked === undefined ? sharesOf(deposit, takeback, standing) : sharesOfRefund(deposit, asked, takeback, standing)
  const { owner, part, review, outside } = shares
  const claimedMinor = minor - owner - part - review - outside
  const next = afterTaking(deposit, owner, kind)
  const changed: DepositChange = {
    deposit: { ...next, partMinor: deposit.partMinor - part, inReviewMinor: deposit.inReviewMinor - review },
    steps: [...change.steps, ...stepsOf(takeback, claimedMinor, standing, shares.cases)],
    movements: [
      ...change.movements,
      {
        kind,
        currency,
        transactionId,
        disposition: 'taken_back',
        receivedMinor: -minor,
        suspendedMinor: -part - review - outside,
        outsideMinor: -outside,
        claimedMinor,
        ownerMinor: -owner,
        releasesParts: false,
      },
    ],
    cases: change.cases,
    caseChanges: change.caseChanges,
    outcomes:
      next.status === 'reversed' && deposit.status !== 'reversed' ? [...change.outcomes, 'reversed'] : change.outcomes,
  }
  const settled = withStandingCases(changed, before, shares.cases)
  if (claimedMinor === 0n) return settled
  return { ...settled, cases: [...settled.cases, newCase('takeback_exceeds', claimedMinor, currency, transactionId)] }
}

function sharesOf(deposit: Deposit, { minor, currency }: ProviderTakeback, standing: readonly StandingCase[]): Shares {
  const lies = (place: string) => (entry: StandingCase) => placeOf[entry.kind] === place && entry.currency === currency
  if (currency !== deposit.amount.currency) {
    const { drawnMinor, cases } = drawFrom(standing, minor, lies('outside'))
    return { owner: 0n, part: 0n, review: 0n, outside: drawnMinor, cases }
  }
  const owner = smaller(minor, deposit.creditedMinor - deposit.takenBackMinor)
  const part = smaller(minor - owner, deposit.partMinor)
  const review = smaller(minor - owner - part, deposit.inReviewMinor)
  // While a part waits for the rest it stands in no case; then there is nothing to draw from.
  const withoutPart = drawFrom(standing, part, lies('part')).cases
  return { owner, part, review, outside: 0n, cases: drawFrom(withoutPart, review, lies('review')).cases }
}

/**
 * A refund is of its case's money and of nobody else's. Whatever is left in the case afterwards is for a person to see:
 * it is not what we asked for.
 */
function sharesOfRefund(
  deposit: Deposit,
  asked: StandingCase,
  { minor, currency }: ProviderTakeback,
  standing: readonly StandingCase[],
): Shares {
  const place = placeOf[asked.kind]
  const there = { part: deposit.partMinor, review: deposit.inReviewMinor, outside: asked.minor, nowhere: 0n }[place]
  const fits = isLive(asked) && asked.currency === currency
  const share = fits ? smaller(minor, smaller(asked.minor, there)) : 0n
  const left = asked.minor - share
  const after: Partial<Pick<StandingCase, 'status' | 'minor'>> =
    left === 0n ? { status: 'refunded' } : { status: 'open', minor: left }
  return {
    owner: 0n,
    part: place === 'part' ? share : 0n,
    review: place === 'review' ? share : 0n,
    outside: place === 'outside' ? share : 0n,
    cases: standing.map((entry) => (entry === asked && isLive(asked) ? { ...entry, ...after } : entry)),
  }
}

function afterTaking(deposit: Deposit, ownerMinor: bigint, kind: ProviderTakeback['kind']): Deposit {
  const takenBackMinor = deposit.takenBackMinor + ownerMinor
  const status =
    kind === 'reversal' ? 'reversed' : takenBackMinor >= deposit.creditedMinor ? 'refunded' : 'partially_refunded'
  const moves = ownerMinor > 0n && canBecome(deposit, status)
  return { ...(moves ? become(deposit, status) : { ...deposit, version: deposit.version + 1 }), takenBackMinor }
}

function stepsOf(
  { kind, transactionId, minor, currency }: ProviderTakeback,
  claimedMinor: bigint,
  standing: readonly StandingCase[],
  after: readonly StandingCase[],
): Step[] {
  const told = { transactionId, minor: minor.toString(), currency }
  const claim = claimedMinor > 0n ? { claimedMinor: claimedMinor.toString() } : {}
  const stopped = after.filter(
    ({ status }, index) => standing[index]?.status === 'refunding' && status !== 'refunding' && status !== 'refunded',
  )
  return [
    { action: kind === 'reversal' ? 'payment.reversed' : 'payment.refunded', details: { ...told, ...claim } },
    ...stopped.map(
      (entry): Step => ({
        action: 'refund.stopped',
        details: { leftMinor: entry.minor.toString(), currency: entry.currency },
      }),
    ),
  ]
}
