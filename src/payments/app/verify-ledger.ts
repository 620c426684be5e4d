import type { Clock } from '../../kernel/clock.ts'

/** One rule of the house and the rows that break it. */
export interface LedgerCheck {
  readonly invariant: string
  readonly description: string
  readonly checked: number
  /** At most 100 of them, in words that name the row. */
  readonly violations: readonly string[]
  readonly violationCount: number
}

/** A check looks at all rows in bounded memory. */
export interface LedgerAuditor {
  check(now: Date): AsyncIterable<LedgerCheck>
}

/** Checks every invariant that data can show. Whoever asks meanwhile gets the answer that is being worked on. */
export function verifyLedger({ auditor, clock }: { auditor: LedgerAuditor; clock: Clock }) {
  let underWay: ReturnType<typeof verify> | null = null

  async function verify() {
    const now = clock.now()
    const checks: LedgerCheck[] = []
    for await (const check of auditor.check(now)) checks.push(check)
    return { ok: checks.every(({ violationCount }) => violationCount === 0), verifiedAt: now, checks }
  }

  return () => {
    underWay ??= verify().finally(() => {
      underWay = null
    })
    return underWay
  }
}
