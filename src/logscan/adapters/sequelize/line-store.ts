import type { Int64 } from '../../../platform/database/columns.ts'
import type { Tx } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import { upsertRows } from '../../../platform/database/upsert.ts'
import { createBreather } from '../../../platform/event-loop.ts'
import { hourMs, minuteMs } from '../../domain/time-span.ts'
import type { PlacedLine } from './arrivals.ts'
import {
  type EventValues,
  type HourValues,
  type LogModels,
  type MinuteValues,
  type TotalValues,
  textMaxLength,
} from './models.ts'
import { bounded, chunksOf } from './row-text.ts'

export const bucketOf = (timeMs: number, stepMs: number) => Math.floor(timeMs / stepMs) * stepMs

/** The embedded database inserts all rows of a part before it returns. */
const breathe = createBreather()

interface KeepLinesDeps {
  readonly tx: Tx
  readonly models: LogModels
  readonly nowMs: number
  readonly textsPerGroupAndMinute: number
}

/** Keeps the lines, and counts them by minute and by hour. Their groups are locked. */
export async function keepLines(deps: KeepLinesDeps, lines: readonly PlacedLine[]): Promise<void> {
  const { tx, models, nowMs, textsPerGroupAndMinute } = deps
  const texts = await keptTexts(tx, lines)
  const minutes = new Map<string, MinuteValues>()
  const hours = new Map<string, HourValues>()
  const events = lines.map(({ line, generation, source, patternsVersion, time }): EventValues => {
    const minute = bucketIn(minutes, { line, source, bucketMs: bucketOf(time, minuteMs) })
    const hour = bucketIn(hours, { line, source, bucketMs: bucketOf(time, hourMs) })
    const key = textKey(line.group, minute.bucketMs)
    const kept = texts.get(key) ?? 0
    const hasText = kept < textsPerGroupAndMinute
    if (hasText) {
      texts.set(key, kept + 1)
      minute.texts++
    }
    minute.count++
    hour.count++
    return {
      generationId: generation,
      offsetBytes: line.offset,
      lengthBytes: line.length,
      line: line.line,
      level: line.level,
      timeMs: line.time,
      seenAtMs: nowMs,
      groupId: line.group,
      patterns: JSON.stringify(line.patterns),
      patternsVersion,
      text: hasText ? bounded(line.text, textMaxLength) : null,
    }
  })
  for (const part of chunksOf(events, ({ text }) => text?.length ?? 0)) {
    await insertRows(tx, models.events, part)
    await breathe()
  }
  for (const part of chunksOf(inOrder(minutes)))
    await upsertRows(tx, models.minutes, part, { count: 'add', texts: 'add' })
  for (const part of chunksOf(inOrder(hours))) await upsertRows(tx, models.hours, part, { count: 'add' })
  for (const part of chunksOf(inOrder(totalsOf(hours.values()))))
    await upsertRows(tx, models.totals, part, { count: 'add' })
}

const textKey = (group: string, bucketMs: number) => `${group} ${bucketMs}`

/** How many texts each minute of the groups has already. */
async function keptTexts(tx: Tx, lines: readonly PlacedLine[]): Promise<Map<string, number>> {
  const kept = new Map<string, number>()
  const groupChunks = chunksOf([...new Set(lines.map(({ line }) => line.group))])
  const bucketChunks = chunksOf([...new Set(lines.map(({ time }) => bucketOf(time, minuteMs)))])
  for (const [buckets, groups] of bucketChunks.flatMap((some) => groupChunks.map((few) => [some, few] as const))) {
    const rows = await tx.select<{ group_id: string; bucket_ms: Int64; texts: string | number }>(
      `SELECT group_id, bucket_ms, SUM(texts) AS texts FROM log_minutes
       WHERE bucket_ms IN (:buckets) AND group_id IN (:groups) GROUP BY group_id, bucket_ms`,
      { buckets, groups },
    )
    for (const { group_id, bucket_ms, texts } of rows) kept.set(textKey(group_id, Number(bucket_ms)), Number(texts))
  }
  return kept
}

interface Place extends Pick<PlacedLine, 'line' | 'source'> {
  readonly bucketMs: number
}

function bucketIn(buckets: Map<string, MinuteValues | HourValues>, { line, source, bucketMs }: Place): MinuteValues {
  const { group, level } = line
  const key = `${bucketMs} ${group} ${level} ${source}`
  const before = buckets.get(key)
  if (before !== undefined) return before as MinuteValues
  const bucket = { bucketMs, groupId: group, level, source, count: 0, texts: 0 }
  buckets.set(key, bucket)
  return bucket
}

/** The same for all groups together. */
function totalsOf(hours: Iterable<HourValues>): Map<string, TotalValues> {
  const totals = new Map<string, TotalValues>()
  for (const { bucketMs, source, level, count } of hours) {
    const key = `${bucketMs} ${source} ${level}`
    totals.set(key, { bucketMs, source, level, count: count + (totals.get(key)?.count ?? 0) })
  }
  return totals
}

/** All who count go through the buckets in one order. */
function inOrder<Values>(buckets: ReadonlyMap<string, Values>): Values[] {
  return [...buckets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, bucket]) => bucket)
}
