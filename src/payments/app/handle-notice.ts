import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { applyReport, ReportOutcome } from './apply-report.ts'
import type { NoticeEvents, StoredNotice } from './notice-port.ts'
import type { PaymentsPolicy } from './policy.ts'
import type { Gateways, PaymentsStore } from './ports.ts'
import { noticeLeaseMs } from './receive-notice.ts'

interface HandleNoticeDeps {
  readonly store: PaymentsStore
  readonly clock: Clock
  readonly gateways: Gateways
  readonly policy: PaymentsPolicy
  readonly applyReport: ReturnType<typeof applyReport>
  readonly events: NoticeEvents
}

/**
 * Acts upon a stored notice, unless somebody has. What it changes and its being handled commit together, so it counts
 * once. Throws what went wrong when it is to be tried again; after the last attempt it is set aside.
 */
export function handleNotice({ store, clock, gateways, policy, applyReport, events }: HandleNoticeDeps) {
  return async (notice: StoredNotice): Promise<void> => {
    try {
      const outcome = await apply(notice)
      tell(notice, outcome.result === 'out_of_order' ? await askAndApply(notice) : outcome)
    } catch (error) {
      await fail(notice, error)
    }
  }

  function tell(notice: StoredNotice, outcome: ReportOutcome): void {
    const trouble = troubleOf(outcome)
    if (trouble !== null) events.setAside(notice, trouble)
    else if (outcome.result === 'handled_before') events.handledBefore(notice)
    else events.handled(notice)
  }

  async function apply(notice: StoredNotice): Promise<ReportOutcome> {
    const { provider, report, receivedAt } = notice
    return applyReport({ provider, report, learntAt: receivedAt, complete: false, ...marking(notice) })
  }

  async function askAndApply(notice: StoredNotice): Promise<ReportOutcome> {
    const { provider, report, receivedAt } = notice
    const whole = await gateways.get(provider)?.findCharge(report.chargeId)
    if (whole === null || whole === undefined) throw new DomainError('gateway.unavailable', 'unavailable', { provider })
    const payments = joined(whole.payments, report.payments)
    const takebacks = joined(whole.takebacks, report.takebacks)
    return applyReport({
      provider,
      report: { ...whole, payments, takebacks },
      learntAt: receivedAt,
      complete: true,
      ...marking(notice),
    })
  }

  /** The claim says that it was applied: what came of it otherwise is written after. */
  function marking(notice: StoredNotice): Pick<Parameters<typeof applyReport>[0], 'claim' | 'alongside'> {
    return {
      claim: (tx) => tx.notices.claim(notice),
      async alongside(tx, outcome) {
        const { result } = outcome
        const trouble = troubleOf(outcome)
        if (trouble !== null) await tx.notices.setAside(notice.id, trouble)
        else if (result === 'out_of_order') await tx.notices.giveBack(notice, afterAnswer())
        else if (result !== 'applied') await tx.notices.handled(notice.id, result)
      },
    }
  }

  /** The gateway has its time to answer, and then we have ours. */
  function afterAnswer(): Date {
    return new Date(clock.now().getTime() + policy.gatewayTimeoutMs + noticeLeaseMs)
  }

  async function fail(notice: StoredNotice, error: unknown): Promise<void> {
    const { id, attempts } = notice
    const reason = error instanceof Error ? error.message : String(error)
    const isLast = attempts + 1 >= policy.noticeAttemptsMax
    const pauseMs = Math.min(3600_000, 1000 * 2 ** Math.min(attempts, 12))
    const ours = await store.transaction(async (tx) => {
      if (!(await tx.notices.claim(notice))) return false
      if (isLast) await tx.notices.setAside(id, reason)
      else await tx.notices.retry(notice, new Date(clock.now().getTime() + pauseMs), reason)
      return true
    })
    if (!ours) return events.handledBefore(notice)
    if (!isLast) throw error
    events.setAside(notice, reason)
  }
}

/** What somebody has to look at, whatever of the notice was applied. */
function troubleOf(outcome: ReportOutcome): string | null {
  if (outcome.result === 'unknown_charge') return 'no deposit has this charge'
  return 'contradiction' in outcome ? outcome.contradiction : null
}

/** The provider's whole story, and what it told before and left out of it. */
function joined<T extends { transactionId: string }>(whole: readonly T[], told: readonly T[]): T[] {
  const seen = new Set(whole.map(({ transactionId }) => transactionId))
  return [...whole, ...told.filter(({ transactionId }) => !seen.has(transactionId))]
}
