import type { CaseKind, DepositCase, DepositChange, NewCase } from './deposit-change.ts'

/** A case in the middle of a change: one from before, or one that the change opens, which has no id yet. */
export type StandingCase = Omit<DepositCase, 'id'> &
  ({ readonly id: string } | { readonly id: null; readonly opens: NewCase })

/** Where the money of a case lies: among the deposit's sums, or outside of them. A claim has none. */
export const placeOf: Readonly<Record<CaseKind, 'part' | 'review' | 'outside' | 'nowhere'>> = {
  paid_partial: 'part',
  paid_late: 'review',
  paid_after_end: 'review',
  wrong_currency: 'outside',
  takeback_exceeds: 'nowhere',
}

/** The cases as the change leaves them. */
export function standingCases(change: DepositChange, before: readonly DepositCase[]): StandingCase[] {
  const changed = new Map(change.caseChanges.map((entry) => [entry.id, entry]))
  return [
    ...before.map((entry) => ({ ...entry, ...changed.get(entry.id) })),
    ...change.cases.map((opens) => {
      const status = opens.handling === 'refund' ? ('refunding' as const) : ('open' as const)
      return { id: null, opens, kind: opens.kind, status, minor: opens.minor, currency: opens.currency, asked: false }
    }),
  ]
}

/** The change with those cases. One that it would open is not worth opening once its money is gone. */
export function withStandingCases(
  change: DepositChange,
  before: readonly DepositCase[],
  standing: readonly StandingCase[],
): DepositChange {
  const known = new Map(before.map((entry) => [entry.id, entry]))
  return {
    ...change,
    cases: standing.flatMap((entry): NewCase[] =>
      entry.id === null && isLive(entry)
        ? [{ ...entry.opens, minor: entry.minor, handling: entry.status === 'refunding' ? 'refund' : 'review' }]
        : [],
    ),
    caseChanges: standing.flatMap(({ id, status, minor }) => {
      const earlier = id === null ? undefined : known.get(id)
      const same = earlier === undefined || (earlier.status === status && earlier.minor === minor)
      return id === null || same ? [] : [{ id, status, minor }]
    }),
  }
}

export function isLive({ status }: Pick<StandingCase, 'status'>): boolean {
  return status === 'open' || status === 'refunding'
}

/**
 * Takes up to `minor` out of live cases that fit. Those that are sent back come last, and are not sent back any more:
 * the provider no longer holds what it was to send.
 */
export function drawFrom(
  cases: readonly StandingCase[],
  minor: bigint,
  fits: (entry: StandingCase) => boolean,
): { drawnMinor: bigint; cases: StandingCase[] } {
  const drawn = [...cases]
  let left = minor
  for (const status of ['open', 'refunding'] as const)
    for (const [index, entry] of cases.entries()) {
      if (entry.status !== status || !fits(entry)) continue
      const share = smaller(left, entry.minor)
      if (share === 0n) continue
      left -= share
      drawn[index] = afterDraw(entry, entry.minor - share)
    }
  return { drawnMinor: minor - left, cases: drawn }
}

/** Where the provider may have sent the money back too, somebody has to find out, even with nothing left. */
function afterDraw(entry: StandingCase, minor: bigint): StandingCase {
  return minor > 0n || entry.asked ? { ...entry, minor, status: 'open' } : { ...entry, status: 'taken_back' }
}

export function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
