import type { Clock } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Deposit } from '../domain/deposit.ts'
import { applyReport as decide } from '../domain/deposit-decisions.ts'
import type { ChargeReport } from '../domain/gateway.ts'
import { commitChange } from './commit-change.ts'
import type { PaymentsPolicy } from './policy.ts'
import type { PaymentsStore, PaymentsTx } from './ports.ts'

export type ReportOutcome =
  | { readonly result: 'applied' | 'nothing_new'; readonly deposit: Deposit }
  | { readonly result: 'unknown_charge' }
  /** It tells of money going back that we never saw arrive: ask the provider for the whole story first. */
  | { readonly result: 'out_of_order' }

interface ApplyReportDeps {
  readonly store: PaymentsStore
  readonly clock: Clock
  readonly ids: Ids
  readonly policy: PaymentsPolicy
}

interface ApplyReportInput {
  readonly provider: string
  readonly report: ChargeReport
  /** When we learnt of it. */
  readonly learntAt: Date
  /** Whether the report holds everything that the provider knows. */
  readonly complete: boolean
  /** Runs in the same transaction. */
  readonly alongside?: (tx: PaymentsTx, outcome: ReportOutcome) => Promise<void>
}

/** Applies what a provider says of a charge, each of its transactions once, ever. */
export function applyReport({ store, ids, policy }: ApplyReportDeps) {
  return async ({ provider, report, learntAt, complete, alongside }: ApplyReportInput): Promise<ReportOutcome> => {
    return store.transaction(async (tx) => {
      const outcome = await apply(tx)
      await alongside?.(tx, outcome)
      return outcome
    })

    async function apply(tx: PaymentsTx): Promise<ReportOutcome> {
      const deposit = await tx.deposits.lock(report.chargeId)
      if (deposit === null || deposit.gateway !== provider) return { result: 'unknown_charge' }
      const fresh = await unbooked(tx, provider, report)
      const holds = deposit.creditedMinor - deposit.takenBackMinor + deposit.partMinor + deposit.inReviewMinor > 0n
      if (fresh.takebacks.length > 0 && fresh.payments.length === 0 && !holds && !complete)
        return { result: 'out_of_order' }
      const refundingCases = fresh.takebacks.length > 0 ? await tx.cases.refundingOf(deposit.id) : new Set<string>()
      const change = decide(deposit, fresh, { now: learntAt, latePolicy: policy.latePolicy, refundingCases })
      await commitChange(tx, deposit, change, { actor: `provider:${provider}`, ids, report })
      return { result: change.steps.length > 0 ? 'applied' : 'nothing_new', deposit: change.deposit }
    }
  }
}

async function unbooked(tx: PaymentsTx, provider: string, report: ChargeReport): Promise<ChargeReport> {
  const moves = [...report.payments, ...report.takebacks]
  const known =
    moves.length > 0
      ? await tx.transactions.known(
          provider,
          moves.map(({ transactionId }) => transactionId),
        )
      : new Set<string>()
  const once = new Set(known)
  const firstTime = ({ transactionId }: { transactionId: string }) =>
    !once.has(transactionId) && once.add(transactionId)
  return { ...report, payments: report.payments.filter(firstTime), takebacks: report.takebacks.filter(firstTime) }
}
