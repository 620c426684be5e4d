import type { Clock } from '../../kernel/clock.ts'
import type { AlertChannel } from '../domain/alert/alert-rule.ts'
import type { AlertDelivery, AlertQueue, DeliveryEnd } from './alert-ports.ts'

/** Brings an alert there; says what went wrong, null if nothing did. */
export type DeliverAlert = (delivery: AlertDelivery) => Promise<string | null>

export interface DeliveryLimits {
  /** Deliveries under way at once in one process, and of one rule: an endpoint that does not answer keeps others from nothing. */
  readonly concurrencyMax: number
  readonly perRuleMax: number
  readonly attemptsMax: number
  /** Before the second attempt; before each that follows twice as long, up to the most. */
  readonly firstRetryMs: number
  readonly retryMaxMs: number
  /** So long nobody else takes what was taken. */
  readonly leaseMs: number
}

interface DeliverAlertsDeps {
  readonly queue: AlertQueue
  readonly clock: Clock
  readonly channels: Readonly<Record<AlertChannel, DeliverAlert>>
  readonly limits: DeliveryLimits
  /** Between 0 and 1. */
  random(): number
  /** One that is not tried again. */
  onFailed(delivery: AlertDelivery, problem: string): void
}

/** Makes the deliveries that are due, each at least once. Resolves to whether there may be more. */
export function deliverAlerts({ queue, clock, channels, limits, random, onFailed }: DeliverAlertsDeps) {
  const { concurrencyMax, perRuleMax, attemptsMax, firstRetryMs, retryMaxMs, leaseMs } = limits

  return async (): Promise<boolean> => {
    const now = clock.now().getTime()
    const taken = await queue.take(now, now + leaseMs, concurrencyMax, perRuleMax)
    await Promise.all(taken.map(deliver))
    return taken.length > 0
  }

  async function deliver(delivery: AlertDelivery): Promise<void> {
    const problem = await channels[delivery.channel](delivery).catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    )
    const end = endOf(delivery, problem)
    await queue.settle(delivery, end)
    if (end.status === 'failed') onFailed(delivery, end.problem)
  }

  function endOf({ attempts }: AlertDelivery, problem: string | null): DeliveryEnd {
    if (problem === null) return { status: 'done' }
    if (attempts + 1 >= attemptsMax) return { status: 'failed', problem }
    const waitMs = Math.min(retryMaxMs, firstRetryMs * 2 ** attempts)
    // Those that failed together are not tried again together.
    return { status: 'pending', nextAttemptAt: clock.now().getTime() + waitMs * (0.75 + random() / 2), problem }
  }
}
