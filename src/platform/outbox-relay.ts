import type { Clock } from '../kernel/clock.ts'
import { DomainError } from '../kernel/errors.ts'
import type { Database } from './database/database.ts'
import { isOutOfReach, isTransient } from './database/failures.ts'
import { type Loop, startLoop } from './lifecycle.ts'
import type { Logger } from './log.ts'
import type { OutboxEvent } from './outbox.ts'
import { type ClaimedEvent, claimEvents, hasDueEvents, settleEvents } from './outbox-queue.ts'

interface RelayDeps {
  readonly database: Database
  readonly clock: Clock
  /** Hands events on. It may be called twice for the same event. */
  readonly publish: (events: readonly OutboxEvent[]) => Promise<void>
  /** Resolves once everything handed on is beyond this process; throws when it is not, and the batch is done again. */
  readonly flush: () => Promise<void>
  readonly onSetAside: (event: ClaimedEvent) => void
  readonly batchMaxRows: number
  /** Attempts at an event that `publish` throws for, before it is set aside. */
  readonly attemptsMax: number
  readonly pollMs: number
  readonly log: Logger
}

interface Failure {
  readonly event: ClaimedEvent
  readonly error: unknown
}

const firstPauseMs = 1_000
const pauseMaxMs = 60_000

/**
 * Publishes committed events. Rows are claimed with SKIP LOCKED, so any number of nodes may run one; what a node had
 * claimed when it died is published by another. An event that cannot be published is tried again, ever more rarely, and
 * then set aside; only later events of its subject wait for it meanwhile.
 */
export function startOutboxRelay(deps: RelayDeps): Loop {
  const { database, clock, publish, flush, onSetAside, batchMaxRows, attemptsMax, pollMs, log } = deps

  async function pass(): Promise<boolean> {
    if (!(await hasDueEvents(database, clock.now()))) return false
    const { claimed, failures } = await database.transaction(async (tx) => {
      const events = await claimEvents(tx, clock.now(), batchMaxRows)
      const outcome = await publishAll(events)
      await flush()
      await settleEvents(tx, clock.now(), outcome.published, outcome.failures.map(failedAttempt))
      return { claimed: events.length, failures: outcome.failures }
    })
    for (const failure of failures) tell(failure)
    return claimed === batchMaxRows
  }

  /** All together, as a rule. One by one where an event failed before, or does now. */
  async function publishAll(events: readonly ClaimedEvent[]) {
    const doubted = new Set(events.filter(({ attempts }) => attempts > 0).map(({ subject }) => subject))
    const sound = events.filter(({ subject }) => !doubted.has(subject))
    const together = sound.length > 0 && (await failureOf(sound)) === null
    const published = together ? [...sound] : []
    const failures = new Map<string, Failure>()
    for (const event of together ? events.filter(({ subject }) => doubted.has(subject)) : events) {
      if (failures.has(event.subject)) continue
      const error = await failureOf([event])
      if (error === null) published.push(event)
      else failures.set(event.subject, { event, error })
    }
    return { published, failures: [...failures.values()] }
  }

  /** An outage is no fault of the events: it is thrown, and they are all done again once it is over. */
  async function failureOf(events: readonly ClaimedEvent[]): Promise<unknown> {
    try {
      await publish(
        events.map(({ id, type, subject, payload }) => ({ id, type, subject, payload: JSON.parse(payload) })),
      )
      return null
    } catch (error) {
      if (isOutage(error)) throw error
      return error
    }
  }

  function failedAttempt({ event, error }: Failure) {
    const attempts = event.attempts + 1
    const pauseMs = Math.min(pauseMaxMs, firstPauseMs * 2 ** Math.min(event.attempts, 10))
    const nextAttemptAt = attempts >= attemptsMax ? null : new Date(clock.now().getTime() + pauseMs)
    return { event, attempts, nextAttemptAt, failure: error instanceof Error ? error.message : String(error) }
  }

  function tell({ event, error }: Failure): void {
    const { id: eventId, type, subject } = event
    const about = { err: error, eventId, type, subject, attempts: event.attempts + 1 }
    if (about.attempts < attemptsMax) log.warn(about, 'an event could not be published yet')
    else {
      log.error(about, 'an event was set aside: it cannot be published')
      onSetAside(event)
    }
  }

  return startLoop({ name: 'outbox relay', intervalMs: pollMs, work: pass, log })
}

function isOutage(error: unknown): boolean {
  return isOutOfReach(error) || isTransient(error) || (error instanceof DomainError && error.kind === 'unavailable')
}
