import { assert } from '../../../kernel/assert.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader } from '../../../platform/database/database.ts'
import { type Level, levels } from '../../domain/log-pattern.ts'
import {
  hourMs,
  minuteMs,
  type SeriesStep,
  seriesStepsMax,
  stepMs,
  stepsOf,
  type TimeSpan,
} from '../../domain/time-span.ts'
import { memberIds } from './group-merges.ts'
import { bucketOf } from './line-store.ts'

export interface LogWindow extends TimeSpan {
  readonly source: string | null
}

export interface LogSummary {
  readonly lines: number
  readonly byLevel: Readonly<Record<Level, number>>
}

export interface SeriesRequest extends LogWindow {
  readonly step: SeriesStep
  readonly group: string | null
}

/** Lines of one level in one step of time; where there were none there is no point. */
export interface SeriesPoint {
  readonly at: number
  readonly level: Level
  readonly lines: number
}

/** How many lines there were, from the roll-ups. */
export function countQueries(reader: Reader) {
  return {
    /** From and to are taken to the minute, outwards. */
    async summary({ from, to, source }: LogWindow): Promise<LogSummary> {
      const fromMs = bucketOf(from, minuteMs)
      const toMs = bucketOf(to + minuteMs - 1, minuteMs)
      const firstHour = bucketOf(fromMs + hourMs - 1, hourMs)
      const hoursEnd = Math.max(firstHour, bucketOf(toMs, hourMs))
      const rest = Math.min(firstHour, toMs)
      // Whole hours from their table, and the minutes before and behind them.
      const walk = (table: string, start: string, end: string) =>
        `SELECT level, SUM(count) AS total FROM ${table} WHERE bucket_ms >= :${start} AND bucket_ms < :${end}
           ${source === null ? '' : 'AND source = :source'} GROUP BY level`
      const rows = await reader.select<{ level: Level; total: string | number }>(
        `${walk('log_minutes', 'fromMs', 'rest')} UNION ALL ${walk('log_hour_totals', 'firstHour', 'hoursEnd')}
         UNION ALL ${walk('log_minutes', 'hoursEnd', 'toMs')}`,
        { fromMs, rest, firstHour, hoursEnd, toMs, source },
      )
      const byLevel = Object.fromEntries(levels.map((level) => [level, 0])) as Record<Level, number>
      for (const { level, total } of rows) byLevel[level] += Number(total)
      return { lines: Object.values(byLevel).reduce((sum, lines) => sum + lines, 0), byLevel }
    },

    /** Oldest first. The caller sees to it that there are not too many steps. */
    async series({ step, from, to, source, group }: SeriesRequest): Promise<SeriesPoint[]> {
      assert(stepsOf({ from, to }, step) <= seriesStepsMax, `a series has at most ${seriesStepsMax} steps`)
      const table = step === 'minute' ? 'log_minutes' : group === null ? 'log_hour_totals' : 'log_hours'
      const conditions = ['bucket_ms >= :fromMs', 'bucket_ms < :to']
      if (source !== null) conditions.push('source = :source')
      if (group !== null) conditions.push('group_id IN (:keys)')
      const keys = group === null ? [] : await memberIds(reader, group)
      const rows = await reader.select<{ bucket_ms: Int64; level: Level; total: string | number }>(
        `SELECT bucket_ms, level, SUM(count) AS total FROM ${table}
         WHERE ${conditions.join(' AND ')} GROUP BY bucket_ms, level ORDER BY bucket_ms`,
        { fromMs: bucketOf(from, stepMs[step]), to, source, keys },
      )
      const points = rows.map(({ bucket_ms, level, total }) => ({ at: Number(bucket_ms), level, lines: Number(total) }))
      return points.sort((a, b) => a.at - b.at || levels.indexOf(a.level) - levels.indexOf(b.level))
    },
  }
}
