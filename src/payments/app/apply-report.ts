import type { Ids } from '../../kernel/ids.ts'
import type { Deposit } from '../domain/deposit.ts'
import { applyReport as decide } from '../domain/deposit-decisions.ts'
import type { ChargeReport } from '../domain/gateway.ts'
import { commitChange } from './commit-change.ts'
import type { PaymentsPolicy } from './policy.ts'
import type { PaymentsStore, PaymentsTx } from './ports.ts'

export type ReportOutcome =
  /** `contradiction`: a transaction in it is not what it was before, and was left out. */
  | {
      readonly result: 'applied' | 'nothing_new'
      readonly deposit: Deposit
      readonly contradiction: string | null
    }
  | { readonly result: 'unknown_charge' }
  | { readonly result: 'handled_before' }
  /** It tells of more money going back than we saw arrive: ask the provider for the whole story first. */
  | { readonly result: 'out_of_order' }

interface ApplyReportDeps {
  readonly store: PaymentsStore
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
  /** Runs first in the transaction. False: somebody acted upon it before, and nothing is done. */
  readonly claim?: (tx: PaymentsTx) => Promise<boolean>
  /** Runs in the same transaction. */
  readonly alongside?: (tx: PaymentsTx, outcome: ReportOutcome) => Promise<void>
}

/** Applies what a provider says of a charge, each of its transactions once, ever. Throws `money.out_of_range`. */
export function applyReport({ store, ids, policy }: ApplyReportDeps) {
  return async (input: ApplyReportInput): Promise<ReportOutcome> => {
    const { provider, report, learntAt, complete, claim, alongside } = input
    return store.transaction(async (tx) => {
      if (claim !== undefined && !(await claim(tx))) return { result: 'handled_before' }
      const outcome = await apply(tx)
      await alongside?.(tx, outcome)
      return outcome
    })

    async function apply(tx: PaymentsTx): Promise<ReportOutcome> {
      const deposit = await tx.deposits.lock(report.chargeId)
      if (deposit === null || deposit.gateway !== provider) return { result: 'unknown_charge' }
      const { fresh, contradiction } = await unbooked(tx, provider, report)
      const cases = fresh.takebacks.length > 0 ? await tx.cases.lockOf(deposit.id) : []
      const whole = complete ? report : null
      const change = decide(deposit, fresh, { now: learntAt, latePolicy: policy.latePolicy, cases, whole })
      if (!complete && change.cases.some(({ kind }) => kind === 'takeback_exceeds')) return { result: 'out_of_order' }
      await commitChange(tx, deposit, change, { actor: `provider:${provider}`, ids, report })
      return { result: change.steps.length > 0 ? 'applied' : 'nothing_new', deposit: change.deposit, contradiction }
    }
  }
}

interface Told {
  readonly depositId: string
  readonly arrives: boolean
  readonly minor: bigint
  readonly currency: string
}

/** What of the report was not booked before. A provider that tells of one transaction in two ways is not believed. */
async function unbooked(tx: PaymentsTx, provider: string, report: ChargeReport) {
  const { chargeId, payments, takebacks } = report
  const ids = [...payments, ...takebacks].map(({ transactionId }) => transactionId)
  const told = new Map<string, Told>()
  for (const [id, { depositId, kind, minor, currency }] of await tx.transactions.known(provider, ids))
    told.set(id, { depositId, arrives: kind === 'payment', minor, currency })
  let contradiction: string | null = null

  function isFresh(arrives: boolean) {
    return ({
      transactionId,
      minor,
      currency,
    }: ChargeReport['payments'][number] | ChargeReport['takebacks'][number]) => {
      const before = told.get(transactionId)
      if (before === undefined) {
        told.set(transactionId, { depositId: chargeId, arrives, minor, currency })
        return true
      }
      const same = before.depositId === chargeId && before.arrives === arrives && before.minor === minor
      if (!same || before.currency !== currency)
        contradiction = `transaction ${transactionId} was told otherwise before`
      return false
    }
  }
  const fresh = { ...report, payments: payments.filter(isFresh(true)), takebacks: takebacks.filter(isFresh(false)) }
  return { fresh, contradiction: contradiction as string | null }
}
