import { assert } from '../../../kernel/assert.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Tx } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import { upsertRows } from '../../../platform/database/upsert.ts'
import { type GroupStatus, statusAfter } from '../../domain/group/group-status.ts'
import type { Level } from '../../domain/log-pattern.ts'
import { type GroupArrival, moreSevere } from './arrivals.ts'
import { type GroupStateRow, groupStateColumns, toGroupState } from './group-rows.ts'
import { groupPatternsMax, type LogModels, templateMaxLength, textMaxLength, titleMaxLength } from './models.ts'
import { bounded, chunksOf } from './row-text.ts'

/** What people want to hear of a group, once it has been kept. */
export interface GroupNews {
  readonly group: string
  readonly kind: 'new' | 'regressed' | 'ignore_over'
  readonly title: string
  readonly level: Level
  /** Lines that the group has had, those that brought the news included. */
  readonly count: number
  /** Of the lines that brought the news. */
  readonly sources: readonly string[]
  readonly patterns: readonly string[]
}

interface CountGroupsDeps {
  readonly tx: Tx
  readonly models: LogModels
  readonly ids: Ids
  readonly nowMs: number
}

interface CountedRow extends GroupStateRow {
  title: string
  level: Level
  patterns: string
  merged_into: string | null
}

interface Counted {
  readonly row: CountedRow
  readonly arrival: GroupArrival
}

/**
 * Adds what came to each group, makes those that are new, and moves their statuses. The groups stay locked, so that what
 * else is counted of them is counted by one at a time.
 */
export async function countGroups(deps: CountGroupsDeps, arrivals: readonly GroupArrival[]): Promise<GroupNews[]> {
  const news: GroupNews[] = []
  const merged: Counted[] = []
  const lengthOf = ({ found, sample }: GroupArrival) => found.template.length + sample.length
  for (const part of chunksOf(arrivals, lengthOf)) {
    await addLines(deps, part)
    const counted = await readCounted(deps.tx, part)
    news.push(
      ...(await moveOn(
        deps,
        counted.filter(({ row }) => row.merged_into === null),
      )),
    )
    merged.push(...counted.filter(({ row }) => row.merged_into !== null))
  }
  return merged.length === 0 ? news : [...news, ...(await countMerged(deps, merged))]
}

/** What came to groups that were merged into others is counted there as well. */
async function countMerged(deps: CountGroupsDeps, merged: readonly Counted[]): Promise<GroupNews[]> {
  const news: GroupNews[] = []
  for (const part of chunksOf(redirected(merged))) {
    for (const { found, lines, firstTime, newestTime } of part)
      await deps.tx.change(
        `UPDATE log_groups SET count = count + :lines,
           first_seen_ms = CASE WHEN first_seen_ms < :firstTime THEN first_seen_ms ELSE :firstTime END,
           last_seen_ms = CASE WHEN last_seen_ms > :newestTime THEN last_seen_ms ELSE :newestTime END
         WHERE id = :id`,
        { id: found.id, lines, firstTime, newestTime },
      )
    news.push(...(await moveOn(deps, await readCounted(deps.tx, part))))
  }
  return news
}

async function moveOn(deps: CountGroupsDeps, counted: readonly Counted[]): Promise<GroupNews[]> {
  const news = await moveStatuses(deps, counted)
  await raiseLevels(deps.tx, counted)
  await addPatterns(deps.tx, counted)
  return news
}

async function addLines({ tx, models, nowMs }: CountGroupsDeps, arrivals: readonly GroupArrival[]): Promise<void> {
  const rows = arrivals.map(({ found, sample, patterns, lines, level, firstTime, newestTime }) => ({
    id: found.id,
    version: found.version,
    template: bounded(found.template, templateMaxLength),
    title: bounded(found.template.split('\n', 1)[0] ?? '', titleMaxLength),
    level,
    status: 'new',
    statusSinceMs: nowMs,
    ignoredUntilMs: null,
    ignoredUntilCount: null,
    assignee: null,
    count: lines,
    firstSeenMs: firstTime,
    lastSeenMs: newestTime,
    firstStoredAtMs: nowMs,
    patterns: patternsText(patterns),
    sample: bounded(sample, textMaxLength),
    rowVersion: 1,
    mergedInto: null,
  }))
  await upsertRows(tx, models.groups, rows, { count: 'add', firstSeenMs: 'least', lastSeenMs: 'greatest' })
}

/** Reads the rows that were just written, and are locked by that: a lock of its own might take others with them. */
async function readCounted(tx: Tx, arrivals: readonly GroupArrival[]): Promise<Counted[]> {
  const byId = new Map(arrivals.map((arrival) => [arrival.found.id, arrival]))
  const rows = await tx.select<CountedRow>(
    `SELECT ${groupStateColumns}, title, level, patterns, merged_into FROM log_groups WHERE id IN (:ids) ORDER BY id`,
    { ids: [...byId.keys()] },
  )
  assert(rows.length === byId.size, 'every group that was counted is there')
  return rows.map((row) => ({ row, arrival: byId.get(row.id) as GroupArrival }))
}

async function moveStatuses(
  { tx, models, ids, nowMs }: CountGroupsDeps,
  counted: readonly Counted[],
): Promise<GroupNews[]> {
  const steps = counted.map(({ row, arrival }) => {
    const { lines, newestTime } = arrival
    const count = Number(row.count)
    return { row, arrival, count, ...statusAfter(toGroupState(row), { lines, newestTime, count, now: nowMs }) }
  })
  const changes = steps.flatMap(({ row: { id: groupId, status: fromStatus }, status: toStatus, reason }) =>
    reason === null ? [] : [{ id: ids.next(), groupId, atMs: nowMs, fromStatus, toStatus, reason, actor: null }],
  )
  for (const [status, groups] of byValue(changes.map(({ groupId, toStatus }) => [groupId, toStatus])))
    await setStatus(tx, groups, status, nowMs)
  for (const part of chunksOf(changes)) await insertRows(tx, models.groupChanges, part)
  return steps.flatMap(({ row: { id, title, level }, arrival: { sources, patterns, level: arrived }, count, tell }) => {
    const found = { sources: [...sources], patterns: [...patterns] }
    return tell === null ? [] : [{ group: id, kind: tell, title, level: moreSevere(level, arrived), count, ...found }]
  })
}

async function setStatus(tx: Tx, groups: readonly string[], status: GroupStatus, nowMs: number): Promise<void> {
  await tx.change(
    `UPDATE log_groups SET status = :status, status_since_ms = :nowMs, ignored_until_ms = NULL, ignored_until_count = NULL,
       row_version = row_version + 1
     WHERE id IN (:groups)`,
    { groups, status, nowMs },
  )
}

/** A group is as severe as its most severe line. */
async function raiseLevels(tx: Tx, counted: readonly Counted[]): Promise<void> {
  const raised = counted.flatMap(({ row, arrival }): [string, Level][] => {
    const level = moreSevere(row.level, arrival.level)
    return level === row.level ? [] : [[row.id, level]]
  })
  for (const [level, groups] of byValue(raised))
    await tx.change('UPDATE log_groups SET level = :level WHERE id IN (:groups)', { groups, level })
}

async function addPatterns(tx: Tx, counted: readonly Counted[]): Promise<void> {
  const added = counted.flatMap(({ row, arrival }): [string, string][] => {
    const patterns = patternsText(new Set([...(JSON.parse(row.patterns) as string[]), ...arrival.patterns]))
    return patterns === row.patterns ? [] : [[row.id, patterns]]
  })
  for (const [patterns, groups] of byValue(added))
    await tx.change('UPDATE log_groups SET patterns = :patterns WHERE id IN (:groups)', { groups, patterns })
}

const patternsText = (patterns: ReadonlySet<string>) => JSON.stringify([...patterns].slice(0, groupPatternsMax))

/** The ids that get each value. */
function byValue<Value>(pairs: readonly (readonly [string, Value])[]): Map<Value, string[]> {
  const ids = new Map<Value, string[]>()
  for (const [id, value] of pairs) {
    const same = ids.get(value)
    if (same === undefined) ids.set(value, [id])
    else same.push(id)
  }
  return ids
}

/** By the groups into which they were merged, by ascending id. */
function redirected(merged: readonly Counted[]): GroupArrival[] {
  const arrivals = new Map<string, GroupArrival>()
  for (const { row, arrival } of merged) {
    const id = row.merged_into as string
    const { lines, level, firstTime, newestTime, patterns, sources } = arrival
    const before = arrivals.get(id)
    if (before === undefined) {
      arrivals.set(id, {
        ...arrival,
        found: { ...arrival.found, id },
        patterns: new Set(patterns),
        sources: new Set(sources),
      })
      continue
    }
    before.lines += lines
    before.level = moreSevere(before.level, level)
    before.firstTime = Math.min(before.firstTime, firstTime)
    before.newestTime = Math.max(before.newestTime, newestTime)
    for (const pattern of patterns) before.patterns.add(pattern)
    for (const source of sources) before.sources.add(source)
  }
  return [...arrivals.values()].sort((a, b) => (a.found.id < b.found.id ? -1 : 1))
}
