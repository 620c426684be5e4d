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
  /** One of which could not be written down what came of it. */
  onUnsettled(delivery: AlertDelivery, error: unknown): void
}

export interface AlertDeliveries {
  /** Begins those that are due and for which there is room. True if there may be more. */
  begin(): Promise<boolean>
  /** When none is under way any more. */
  settled(): Promise<void>
}

/** Makes the deliveries that are due, each at least once; none waits for another rule's endpoint. */
export function deliverAlerts({
  queue,
  clock,
  channels,
  limits,
  random,
  onFailed,
  onUnsettled,
}: DeliverAlertsDeps): AlertDeliveries {
  const { concurrencyMax, perRuleMax, attemptsMax, firstRetryMs, retryMaxMs, leaseMs } = limits
  /** With their rules, each of which waits for its own. */
  const underWay = new Map<Promise<void>, string>()

  return {
    async begin() {
      const room = concurrencyMax - underWay.size
      if (room <= 0) return false
      const now = clock.now().getTime()
      const busy = [...new Set(underWay.values())]
      const taken = await queue.take(now, now + leaseMs, { limit: room, perRule: perRuleMax, except: busy })
      for (const delivery of taken) {
        const making = deliver(delivery).finally(() => underWay.delete(making))
        underWay.set(making, delivery.alert.ruleId)
      }
      return taken.length > 0
    },

    async settled() {
      await Promise.all(underWay.keys())
    },
  }

  async function deliver(delivery: AlertDelivery): Promise<void> {
    const problem = await channels[delivery.channel](delivery).catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    )
    const end = endOf(delivery, problem)
    try {
      await queue.settle(delivery, end)
    } catch (error) {
      // It is made again once its lease is over.
      onUnsettled(delivery, error)
      return
    }
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
