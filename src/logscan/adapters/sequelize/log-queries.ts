import type { Page } from '../../../kernel/page.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Database } from '../../../platform/database/database.ts'
import type { GroupStatus, StatusReason } from '../../domain/group/group-status.ts'
import type { Level } from '../../domain/log-pattern.ts'
import { countQueries } from './count-queries.ts'
import { type EventRow, type KeptLine, selectEvents, toKeptLine } from './event-rows.ts'
import { type GroupRow, type LogGroup, selectGroups, toGroup } from './group-rows.ts'
import { readSeek, seekPage } from './seek-cursor.ts'

export const groupSorts = ['last_seen', 'first_seen', 'count'] as const
export type GroupSort = (typeof groupSorts)[number]

export interface GroupListRequest {
  readonly status: GroupStatus | null
  readonly level: Level | null
  /** A part of the template, in upper or lower case. */
  readonly search: string | null
  /** The newest or the most first. */
  readonly sort: GroupSort
  readonly cursor: string | null
  readonly limit: number
}

export interface GroupHistoryEntry {
  readonly at: number
  readonly from: GroupStatus
  readonly to: GroupStatus
  /** One of ours, or what staff said. */
  readonly reason: StatusReason | (string & {})
  readonly actor: string | null
}

/** What the dashboard and the error list show. */
export function createLogQueries(database: Database) {
  /** Rows whose time lies before that, the oldest first; as many as `atMostRows` say that there may be more. */
  const removeOldest = (table: string, time: string) => (olderThanMs: number, atMostRows: number) =>
    database.transaction((tx) => {
      const oldest = `FROM ${table} WHERE ${time} < :olderThanMs ORDER BY ${time} LIMIT :atMostRows`
      // Only MySQL can delete in order.
      const sql =
        tx.dialect === 'mysql' ? `DELETE ${oldest}` : `DELETE FROM ${table} WHERE rowid IN (SELECT rowid ${oldest})`
      return tx.change(sql, { olderThanMs, atMostRows })
    })

  return {
    ...countQueries(database),

    async group(id: string): Promise<LogGroup | null> {
      const [row] = await database.select<GroupRow>(`${selectGroups} WHERE id = :id`, { id })
      return row === undefined ? null : toGroup(row)
    },

    async groups({ status, level, search, sort, cursor, limit }: GroupListRequest): Promise<Page<LogGroup>> {
      const column = sortColumns[sort]
      const seek = readSeek(cursor, /^(-?\d{1,18}):([\w-]{1,16})$/)
      const conditions: string[] = []
      if (status !== null) conditions.push('status = :status')
      if (level !== null) conditions.push('level = :level')
      if (search !== null) conditions.push("LOWER(template) LIKE LOWER(:pattern) ESCAPE '!'")
      if (seek !== null) conditions.push(`${column} <= :place AND (${column} < :place OR id < :id)`)
      const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
      const rows = await database.select<GroupRow>(
        `${selectGroups} ${where} ORDER BY ${column} DESC, id DESC LIMIT :rows`,
        {
          ...{ status, level, rows: limit + 1 },
          pattern: search === null ? null : `%${search.replace(/[!%_]/g, '!$&')}%`,
          place: seek === null ? null : Number(seek[0]),
          id: seek?.[1] ?? null,
        },
      )
      return seekPage(rows, limit, { to: toGroup, seekOf: (row) => [row[column], row.id] })
    },

    /** The lines of a group, those seen last first. */
    async events(group: string, { cursor, limit }: { cursor: string | null; limit: number }): Promise<Page<KeptLine>> {
      const seek = readSeek(cursor, /^(-?\d{1,18}):([\w-]{1,36}):(\d{1,16})$/)
      const before = `AND e.seen_at_ms <= :seenAt AND (e.seen_at_ms < :seenAt OR e.generation_id < :generation
        OR (e.generation_id = :generation AND e.offset_bytes < :offset))`
      const rows = await database.select<EventRow>(
        `${selectEvents}
         WHERE e.group_id = :group ${seek === null ? '' : before}
         ORDER BY e.seen_at_ms DESC, e.generation_id DESC, e.offset_bytes DESC LIMIT :rows`,
        {
          ...{ group, rows: limit + 1 },
          seenAt: seek === null ? null : Number(seek[0]),
          generation: seek?.[1] ?? null,
          offset: seek === null ? null : Number(seek[2]),
        },
      )
      return seekPage(rows, limit, {
        to: toKeptLine,
        seekOf: ({ seen_at_ms, generation_id, offset_bytes }) => [seen_at_ms, generation_id, offset_bytes],
      })
    },

    /** The newest changes of a group's status, newest first. */
    async history(group: string, limit: number): Promise<GroupHistoryEntry[]> {
      const rows = await database.select<ChangeRow>(
        `SELECT at_ms, from_status, to_status, reason, actor FROM log_group_changes
         WHERE group_id = :group ORDER BY id DESC LIMIT :limit`,
        { group, limit },
      )
      return rows.map(({ at_ms, from_status, to_status, reason, actor }) => ({
        at: Number(at_ms),
        from: from_status,
        to: to_status,
        reason,
        actor,
      }))
    },

    /** Removes lines that were seen before that time, and returns how many; what was counted of them stays. */
    pruneEvents: removeOldest('log_events', 'seen_at_ms'),
    /** The same for the counts by minute; those by hour stay. */
    pruneMinutes: removeOldest('log_minutes', 'bucket_ms'),
  }
}

const sortColumns = { last_seen: 'last_seen_ms', first_seen: 'first_seen_ms', count: 'count' } as const

interface ChangeRow {
  at_ms: Int64
  from_status: GroupStatus
  to_status: GroupStatus
  reason: string
  actor: string | null
}
