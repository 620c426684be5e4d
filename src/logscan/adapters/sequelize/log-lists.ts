import type { Page } from '../../../kernel/page.ts'
import type { Database } from '../../../platform/database/database.ts'
import { type GroupStatus, groupStatuses } from '../../domain/group/group-status.ts'
import type { Level } from '../../domain/log-pattern.ts'
import { type EventRow, type KeptLine, toKeptLine } from './event-rows.ts'
import { memberIds } from './group-merges.ts'
import { type GroupRow, type LogGroup, selectGroups, toGroup } from './group-rows.ts'
import { readSeek, seekPage } from './seek-cursor.ts'

export interface GroupListRequest {
  readonly status: GroupStatus | null
  readonly level: Level | null
  /** Only groups that have lines of it. */
  readonly source: string | null
  /** A part of the template, in upper or lower case. */
  readonly search: string | null
  /** The newest or the most first. */
  readonly sort: keyof typeof sortColumns
  readonly cursor: string | null
  readonly limit: number
}

export interface LineListRequest {
  readonly group: string | null
  readonly source: string | null
  /** When they were read, in ms since the epoch; `to` is exclusive. */
  readonly from: number | null
  readonly to: number | null
  readonly cursor: string | null
  readonly limit: number
}

export type LogLists = ReturnType<typeof createLogLists>

/** The lists that staff walk through. */
export function createLogLists(database: Database) {
  // Where groups have one source each MySQL takes an index for as good as another that reads all hours of a group. EXISTS it
  // would turn round, and read those of all groups.
  const byIndex = database.dialect === 'mysql' ? 'FORCE INDEX (log_hours_source)' : ''

  return {
    async groups({ status, level, source, search, sort, cursor, limit }: GroupListRequest): Promise<Page<LogGroup>> {
      const column = sortColumns[sort]
      const seek = readSeek(cursor, /^(-?\d{1,18}):([\w-]{1,16})$/)
      const conditions = ['merged_into IS NULL']
      if (status !== null) conditions.push('status = :status')
      if (level !== null) conditions.push('level = :level')
      if (source !== null)
        conditions.push(
          `((SELECT 1 FROM log_hours h ${byIndex} WHERE h.group_id = log_groups.id AND h.source = :source LIMIT 1) = 1
            OR (SELECT 1 FROM log_groups m JOIN log_hours h ${byIndex} ON h.group_id = m.id AND h.source = :source
                WHERE m.merged_into = log_groups.id LIMIT 1) = 1)`,
        )
      if (search !== null) conditions.push("LOWER(template) LIKE LOWER(:pattern) ESCAPE '!'")
      if (seek !== null) conditions.push(`${column} <= :place AND (${column} < :place OR id < :id)`)
      const rows = await database.select<GroupRow>(
        `${selectGroups} ${whereAll(conditions)} ORDER BY ${column} DESC, id DESC LIMIT :rows`,
        {
          ...{ status, level, source, rows: limit + 1 },
          pattern: search === null ? null : `%${search.replace(/[!%_]/g, '!$&')}%`,
          place: seek === null ? null : Number(seek[0]),
          id: seek?.[1] ?? null,
        },
      )
      return seekPage(rows, limit, { to: toGroup, seekOf: (row) => [row[column], row.id] })
    },

    /** Those that were read last first. Lines of a source alone have no index: a group, or a time, goes with it. */
    async lines({ group, source, from, to, cursor, limit }: LineListRequest): Promise<Page<KeptLine>> {
      const seek = readSeek(cursor, /^(-?\d{1,18}):([\w-]{1,36}):(\d{1,16})$/)
      const conditions: string[] = []
      const keys = group === null ? null : await memberIds(database, group)
      if (source !== null)
        conditions.push('(SELECT o.source FROM log_generations o WHERE o.id = e.generation_id) = :source')
      if (from !== null) conditions.push('e.seen_at_ms >= :from')
      if (to !== null) conditions.push('e.seen_at_ms < :to')
      if (seek !== null)
        conditions.push(`e.seen_at_ms <= :seenAt AND (e.seen_at_ms < :seenAt OR e.generation_id < :generation
          OR (e.generation_id = :generation AND e.offset_bytes < :offset))`)
      // First the page, by an index, and then the generations: the other way round all lines would be sorted.
      const rows = await database.select<EventRow>(
        `SELECT COALESCE(k.merged_into, e.group_id) AS group_id, e.generation_id, g.source, g.path, e.offset_bytes, e.length_bytes, e.line, e.level, e.time_ms,
           e.seen_at_ms, e.patterns, e.patterns_version, e.text
         FROM (${pageOf(keys, conditions)}) e
         JOIN log_generations g ON g.id = e.generation_id LEFT JOIN log_groups k ON k.id = e.group_id ${newestFirst}`,
        {
          ...keyNames(keys ?? []),
          ...{ source, from, to, rows: limit + 1 },
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

    /** How many groups there are of each status. */
    async groupCounts(): Promise<Record<GroupStatus, number>> {
      const rows = await database.select<{ status: GroupStatus; total: number | string }>(
        `SELECT status, COUNT(*) AS total FROM log_groups GROUP BY status
         UNION ALL SELECT status, -COUNT(*) AS total FROM log_groups WHERE merged_into IS NOT NULL GROUP BY status`,
      )
      const counts = Object.fromEntries(groupStatuses.map((status) => [status, 0])) as Record<GroupStatus, number>
      for (const { status, total } of rows) counts[status] += Number(total)
      return counts
    },
  }
}

const sortColumns = { lastSeen: 'last_seen_ms', firstSeen: 'first_seen_ms', count: 'count' } as const

const newestFirst = 'ORDER BY e.seen_at_ms DESC, e.generation_id DESC, e.offset_bytes DESC'

const keyName = (index: number) => `key${index}`
const keyNames = (keys: readonly string[]) => Object.fromEntries(keys.map((key, index) => [keyName(index), key]))

/** A page of lines, of some groups unless that is null: a page of each by the index, and of those the page. */
function pageOf(keys: readonly string[] | null, conditions: readonly string[]): string {
  const page = (all: readonly string[]) => `SELECT * FROM log_events e ${whereAll(all)} ${newestFirst} LIMIT :rows`
  if (keys === null) return page(conditions)
  const pages = keys.map((_, index) => page([`e.group_id = :${keyName(index)}`, ...conditions]))
  if (pages.length === 1) return pages.join('')
  return `SELECT * FROM (${pages.map((one) => `SELECT * FROM (${one}) p`).join(' UNION ALL ')}) e ${newestFirst} LIMIT :rows`
}

function whereAll(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
}
