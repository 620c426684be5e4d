import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { applyReport, ReportOutcome } from './apply-report.ts'
import type { PaymentsPolicy } from './policy.ts'
import type { Gateways, PaymentsStore, StoredNotice } from './ports.ts'

interface HandleNoticeDeps {
  readonly store: PaymentsStore
  readonly clock: Clock
  readonly gateways: Gateways
  readonly policy: PaymentsPolicy
  readonly applyReport: ReturnType<typeof applyReport>
}

/** Acts upon a stored notice. What it changes and its being handled commit together, so it counts once. */
export function handleNotice({ store, clock, gateways, policy, applyReport }: HandleNoticeDeps) {
  return async (notice: StoredNotice): Promise<void> => {
    try {
      const outcome = await apply(notice)
      if (outcome.result === 'out_of_order') await askAndApply(notice)
    } catch (error) {
      await tryAgainLater(notice, error)
      throw error
    }
  }

  async function apply(notice: StoredNotice): Promise<ReportOutcome> {
    const { provider, report, receivedAt, id } = notice
    return applyReport({
      provider,
      report,
      learntAt: receivedAt,
      complete: false,
      async alongside(tx, outcome) {
        if (outcome.result === 'unknown_charge') await tx.notices.setAside(id, 'no deposit has this charge')
        else if (outcome.result !== 'out_of_order') await tx.notices.handled(id, outcome.result)
      },
    })
  }

  async function askAndApply({ provider, report, receivedAt, id }: StoredNotice): Promise<void> {
    const whole = await gateways.get(provider)?.findCharge(report.chargeId)
    if (whole === null || whole === undefined) throw new DomainError('gateway.unavailable', 'unavailable', { provider })
    const payments = [...whole.payments]
    const seen = new Set(whole.takebacks.map(({ transactionId }) => transactionId))
    const takebacks = [...whole.takebacks, ...report.takebacks.filter(({ transactionId }) => !seen.has(transactionId))]
    await applyReport({
      provider,
      report: { ...whole, payments, takebacks },
      learntAt: receivedAt,
      complete: true,
      alongside: (tx, outcome) => tx.notices.handled(id, outcome.result),
    })
  }

  async function tryAgainLater({ id, attempts }: StoredNotice, error: unknown): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error)
    const pauseMs = Math.min(3600_000, 1000 * 2 ** Math.min(attempts, 12))
    await store.transaction(async (tx) => {
      if (attempts + 1 >= policy.noticeAttemptsMax) await tx.notices.setAside(id, reason)
      else await tx.notices.retry(id, new Date(clock.now().getTime() + pauseMs), reason)
    })
  }
}
