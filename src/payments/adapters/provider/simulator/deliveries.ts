import type { Clock } from '../../../../kernel/clock.ts'
import type { Logger } from '../../../../platform/log.ts'
import type { ChargeReport } from '../../../domain/gateway.ts'
import type { PlannedSending } from './behaviour.ts'
import { sign, signatureHeader } from './signing.ts'
import type { WebhookPost } from './webhook-post.ts'
import { toJson } from './wire.ts'

export interface ChargeNotice extends ChargeReport {
  readonly eventId: string
  readonly reference: string
}

/** `lost`: meant not to arrive; `dropped`: the queue was full; `outage`: the behaviour said so. */
type Outcome = 'delivered' | 'refused' | 'failed' | 'outage' | 'lost' | 'dropped'

/** One line of the delivery log. */
export interface Attempt {
  readonly eventId: string
  readonly chargeId: string
  readonly reference: string
  readonly status: string
  readonly attempt: number
  readonly forged: boolean
  readonly at: Date
  readonly outcome: Outcome
  readonly httpStatus: number | null
  readonly error: string | null
  readonly durationMs: number
  /** Null when there is no further attempt. */
  readonly retryInMs: number | null
}

export interface Deliveries extends AsyncDisposable {
  send(notice: ChargeNotice, sendings: readonly PlannedSending[]): void
  /** Oldest first; only the last ones are kept. */
  attempts(): readonly Attempt[]
  waiting(): number
}

export interface DeliveryLimits {
  readonly deliveriesConcurrencyMax: number
  readonly deliveriesWaitingMax: number
  readonly deliveryLogMaxRows: number
  /** Pauses between attempts; there is one attempt more than there are pauses. */
  readonly retryDelaysMs: readonly number[]
}

interface DeliveriesOptions extends DeliveryLimits {
  readonly webhookUrl: () => string
  readonly secret: string
  readonly webhook: WebhookPost
  readonly isOut: () => boolean
  readonly clock: Clock
  readonly log: Logger
}

interface Job {
  readonly notice: ChargeNotice
  readonly forged: boolean
  readonly attempt: number
}

type Result = Pick<Attempt, 'outcome' | 'httpStatus' | 'error'>

/** Sends notices, a bounded number at once, and again when they fail. What waits is gone after a restart, as a lost notice is. */
export function createDeliveries(options: DeliveriesOptions): Deliveries {
  const { deliveriesConcurrencyMax, deliveriesWaitingMax, deliveryLogMaxRows, retryDelaysMs, clock, log } = options
  const ready: Job[] = []
  const timers = new Set<NodeJS.Timeout>()
  const running = new Set<Promise<void>>()
  const attempts: Attempt[] = []
  let ended = false

  const waiting = () => ready.length + timers.size

  function send(notice: ChargeNotice, sendings: readonly PlannedSending[]) {
    if (sendings.length === 0) record({ notice, forged: false, attempt: 0 }, { ...nothing, outcome: 'lost' })
    for (const { delayMs, forged } of sendings) {
      const job = { notice, forged, attempt: 1 }
      if (waiting() < deliveriesWaitingMax) schedule(job, delayMs)
      else {
        record(job, { ...nothing, outcome: 'dropped' })
        log.warn({ eventId: notice.eventId, waitingMax: deliveriesWaitingMax }, 'too many simulator notices wait')
      }
    }
  }

  function schedule(job: Job, delayMs: number) {
    if (ended) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      ready.push(job)
      startReady()
    }, delayMs)
    timers.add(timer)
  }

  function startReady() {
    while (!ended && running.size < deliveriesConcurrencyMax) {
      const job = ready.shift()
      if (!job) return
      const run = deliver(job).finally(() => {
        running.delete(run)
        startReady()
      })
      running.add(run)
    }
  }

  async function deliver(job: Job) {
    const startedMs = clock.now().getTime()
    const result = options.isOut() ? { ...nothing, outcome: 'outage' as const } : await attempt(job)
    const again = result.outcome !== 'delivered' && !job.forged
    const retryInMs = again ? (retryDelaysMs[job.attempt - 1] ?? null) : null
    record(job, result, clock.now().getTime() - startedMs, retryInMs)
    if (retryInMs !== null) schedule({ ...job, attempt: job.attempt + 1 }, retryInMs)
    else if (again) log.warn({ eventId: job.notice.eventId, attempts: job.attempt }, 'gave up on a simulator notice')
  }

  async function attempt({ notice, forged }: Job): Promise<Result> {
    const now = clock.now()
    const body = toJson({ ...notice, sentAt: now })
    const secret = forged ? `not-${options.secret}` : options.secret
    try {
      const httpStatus = await options.webhook.post(options.webhookUrl(), body, {
        [signatureHeader]: sign(secret, now, body),
      })
      const welcome = httpStatus >= 200 && httpStatus < 300
      return { outcome: welcome ? 'delivered' : 'refused', httpStatus, error: null }
    } catch (error) {
      return { outcome: 'failed', httpStatus: null, error: describe(error) }
    }
  }

  function record({ notice, forged, attempt }: Job, result: Result, durationMs = 0, retryInMs: number | null = null) {
    const { eventId, chargeId, reference, status } = notice
    const at = clock.now()
    attempts.push({ eventId, chargeId, reference, status, attempt, forged, at, ...result, durationMs, retryInMs })
    if (attempts.length > deliveryLogMaxRows) attempts.shift()
  }

  return {
    send,
    attempts: () => attempts,
    waiting,
    async [Symbol.asyncDispose]() {
      ended = true
      if (waiting() > 0) log.warn({ notices: waiting() }, 'the simulator ends with notices unsent')
      for (const timer of timers) clearTimeout(timer)
      options.webhook[Symbol.dispose]()
      await Promise.all(running)
    },
  }
}

const nothing = { httpStatus: null, error: null }

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
