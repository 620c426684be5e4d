import type { Int64 } from '../../../platform/database/columns.ts'
import type { Level } from '../../domain/log-pattern.ts'

export interface KeptLine {
  readonly generation: string
  readonly source: string
  /** Where its file was seen last. */
  readonly path: string
  readonly offset: number
  readonly length: number
  readonly line: number
  readonly level: Level
  readonly group: string
  readonly time: number | null
  readonly seenAt: number
  readonly patterns: readonly string[]
  /** Version of the set of patterns. */
  readonly patternsVersion: number
  /** Null if there were too many of its group in that minute. */
  readonly text: string | null
}

export interface EventRow {
  generation_id: string
  source: string
  path: string
  offset_bytes: Int64
  length_bytes: Int64
  line: Int64
  level: Level
  time_ms: Int64 | null
  seen_at_ms: Int64
  group_id: string
  patterns: string
  patterns_version: Int64
  text: string | null
}

export function toKeptLine({ generation_id, source, path, level, group_id, text, ...row }: EventRow): KeptLine {
  return {
    ...{ generation: generation_id, source, path, level, group: group_id, text },
    offset: Number(row.offset_bytes),
    length: Number(row.length_bytes),
    line: Number(row.line),
    time: row.time_ms === null ? null : Number(row.time_ms),
    seenAt: Number(row.seen_at_ms),
    patterns: JSON.parse(row.patterns),
    patternsVersion: Number(row.patterns_version),
  }
}
