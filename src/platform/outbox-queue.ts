import type { Database, Tx } from './database/database.ts'

/** An event that nobody else has at hand. */
export interface ClaimedEvent {
  readonly id: string
  readonly type: string
  readonly subject: string
  /** JSON text. */
  readonly payload: string
  /** Attempts to publish it that failed. */
  readonly attempts: number
}

interface FailedAttempt {
  readonly event: ClaimedEvent
  readonly attempts: number
  /** Null: it is set aside. */
  readonly nextAttemptAt: Date | null
  readonly failure: string
}

const failureMaxLength = 200
/**
 * An event that is tried again later keeps later ones of its subject waiting; one that is set aside does not, and is not
 * even looked at, however many there are. Setting `set_aside` back to 0 has it tried once more.
 */
const due = `published_at_ms IS NULL AND set_aside = 0
  AND NOT EXISTS (SELECT 1 FROM outbox_failures f WHERE f.subject = outbox.subject AND f.next_attempt_at_ms > :now)`

export async function hasDueEvents(database: Database, now: Date): Promise<boolean> {
  const found = await database.select(`SELECT id FROM outbox WHERE ${due} LIMIT 1`, { now: now.getTime() })
  return found.length > 0
}

/** Takes due events that no other node has taken, oldest first. */
export async function claimEvents(tx: Tx, now: Date, limit: number): Promise<ClaimedEvent[]> {
  const rows = await tx.select<Omit<ClaimedEvent, 'attempts'> & { attempts: number | null }>(
    `SELECT id, type, subject, payload, (SELECT f.attempts FROM outbox_failures f WHERE f.event_id = outbox.id) AS attempts
     FROM outbox WHERE ${due} ORDER BY id LIMIT :limit ${tx.dialect === 'mysql' ? 'FOR UPDATE SKIP LOCKED' : ''}`,
    { now: now.getTime(), limit },
  )
  return rows.map((row) => ({ ...row, attempts: Number(row.attempts ?? 0) }))
}

/** Writes down what became of claimed events. */
export async function settleEvents(
  tx: Tx,
  now: Date,
  published: readonly ClaimedEvent[],
  failed: readonly FailedAttempt[],
): Promise<void> {
  const nowMs = now.getTime()
  if (published.length > 0)
    await tx.change('UPDATE outbox SET published_at_ms = :nowMs WHERE id IN (:ids)', { nowMs, ids: idsOf(published) })
  const again = [...published, ...failed.map(({ event }) => event)].filter(({ attempts }) => attempts > 0)
  if (again.length > 0) await tx.change('DELETE FROM outbox_failures WHERE event_id IN (:ids)', { ids: idsOf(again) })
  const setAside = failed.filter(({ nextAttemptAt }) => nextAttemptAt === null).map(({ event }) => event)
  if (setAside.length > 0)
    await tx.change('UPDATE outbox SET set_aside = 1 WHERE id IN (:ids)', { ids: idsOf(setAside) })
  if (failed.length > 0)
    await tx.insert(
      {
        table: 'outbox_failures',
        columns: ['event_id', 'subject', 'attempts', 'failed_at_ms', 'next_attempt_at_ms', 'failure'],
      },
      failed.map(({ event, attempts, nextAttemptAt, failure }) => [
        event.id,
        event.subject,
        attempts,
        nowMs,
        nextAttemptAt?.getTime() ?? null,
        failure.slice(0, failureMaxLength),
      ]),
    )
}

const idsOf = (events: readonly ClaimedEvent[]) => events.map(({ id }) => id)
