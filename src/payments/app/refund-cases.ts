import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import { isCurrency, money } from '../../kernel/money.ts'
import type { applyReport } from './apply-report.ts'
import type { Gateways, PaymentsStore, SuspenseCase } from './ports.ts'

interface RefundCasesDeps {
  readonly store: PaymentsStore
  readonly clock: Clock
  readonly gateways: Gateways
  readonly applyReport: ReturnType<typeof applyReport>
}

const batchMaxRows = 50

/**
 * Sends back the money of cases that the late-payment policy refunds. The case's id is the refund's: the gateway pays
 * once however often it is asked, and its own notice of the refund finds it booked. A case is marked before the gateway
 * is asked, so that a takeback that comes meanwhile knows of the refund. Returns whether there may be more.
 */
export function refundCases({ store, clock, gateways, applyReport }: RefundCasesDeps) {
  return async (): Promise<boolean> => {
    const cases = await store.cases.refunding(clock.now(), batchMaxRows)
    let failure: unknown
    for (const entry of cases) {
      try {
        if (await claim(entry)) await refund(entry)
      } catch (error) {
        failure = error
        if (error instanceof DomainError && error.code === 'gateway.refused')
          await store.transaction((tx) => tx.cases.giveUpRefund(entry.id, entry.attempts))
      }
    }
    if (failure !== undefined) throw failure
    return cases.length === batchMaxRows
  }

  /** False when somebody else is at it, or when its money went another way since it was read. */
  function claim({ id, attempts }: SuspenseCase & { attempts: number }): Promise<boolean> {
    const now = clock.now()
    const retryAt = new Date(now.getTime() + Math.min(3600_000, 1000 * 2 ** Math.min(attempts, 12)))
    return store.transaction((tx) => tx.cases.claimRefund(id, now, retryAt))
  }

  async function refund({ id, depositId, provider, transactionId, minor, currency }: SuspenseCase): Promise<void> {
    const gateway = gateways.get(provider)
    if (gateway === undefined || transactionId === null || !isCurrency(currency))
      throw new Error(`case ${id} cannot be refunded by ${provider}`)
    await gateway.refundPayment({ refundId: id, chargeId: depositId, transactionId, amount: money(minor, currency) })
    const takebacks = [{ transactionId: id, kind: 'refund' as const, minor, currency }]
    await applyReport({
      provider,
      // Says nothing of the charge itself: an open one stays what it is here.
      report: { chargeId: depositId, status: 'open', payments: [], takebacks },
      learntAt: clock.now(),
      complete: true,
    })
  }
}
