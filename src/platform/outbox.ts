import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize'
import type { Clock } from '../kernel/clock.ts'
import type { Ids } from '../kernel/ids.ts'
import { columns, type Int64 } from './database/columns.ts'
import type { Database, Tx } from './database/database.ts'
import { insertRows } from './database/insert.ts'

/** A fact on its way out. `id` is the same at every delivery. */
export interface OutboxEvent {
  readonly id: string
  readonly type: string
  /** What it is about, `deposit:<id>` for example. */
  readonly subject: string
  readonly payload: unknown
}

interface OutboxRow {
  id: string
  type: string
  subject: string
  payload: string
  createdAtMs: Int64 | number
  publishedAtMs: Int64 | number | null
}

export interface Outbox {
  /** Writes the events in the transaction; they leave after its commit, at least once. Returns their ids in order. */
  append(tx: Tx, events: readonly Omit<OutboxEvent, 'id'>[]): Promise<string[]>
}

interface OutboxDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  /** Called after each commit that left events behind. */
  readonly wake: () => void
}

export function createOutbox({ database, clock, ids, wake }: OutboxDeps): Outbox {
  const rows = defineOutbox(database.sequelize)
  return {
    async append(tx, events) {
      if (events.length === 0) return []
      const createdAtMs = clock.now().getTime()
      const records = events.map(({ type, subject, payload }) => ({
        id: ids.next(),
        type,
        subject,
        payload: JSON.stringify(payload),
        createdAtMs,
        publishedAtMs: null,
      }))
      await insertRows(tx, rows, records)
      tx.afterCommit(wake)
      return records.map(({ id }) => id)
    },
  }
}

function defineOutbox(sequelize: Sequelize): ModelStatic<Model<OutboxRow, OutboxRow>> {
  return sequelize.define<Model<OutboxRow, OutboxRow>>('outbox', {
    id: { type: DataTypes.CHAR(36), primaryKey: true },
    type: columns.text(60),
    subject: columns.text(80),
    payload: DataTypes.TEXT,
    createdAtMs: columns.int64,
    publishedAtMs: columns.int64,
  })
}

/** Removes published events older than the retention, in bounded steps. Returns how many went. */
export async function pruneOutbox(database: Database, olderThanMs: number, limit: number): Promise<number> {
  const rows = await database.select<{ id: string }>(
    'SELECT id FROM outbox WHERE published_at_ms < :olderThanMs ORDER BY published_at_ms LIMIT :limit',
    { olderThanMs, limit },
  )
  if (rows.length === 0) return 0
  return database.transaction(async (tx) => {
    // Whoever checks that every end was announced has to know what he may not find any more.
    await tx.change('UPDATE outbox_pruning SET before_ms = :olderThanMs WHERE before_ms < :olderThanMs', {
      olderThanMs,
    })
    return tx.change('DELETE FROM outbox WHERE id IN (:ids)', { ids: rows.map(({ id }) => id) })
  })
}
