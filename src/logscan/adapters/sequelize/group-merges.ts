import { assert } from '../../../kernel/assert.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader, Tx } from '../../../platform/database/database.ts'
import { type Level, levels } from '../../domain/log-pattern.ts'

/** A group that was merged into another. */
export interface GroupMember {
  readonly id: string
  readonly title: string
  /** Lines that came for it, before and since. */
  readonly count: number
}

/** The most lines first. */
export async function groupMembers(reader: Reader, group: string): Promise<GroupMember[]> {
  const rows = await reader.select<{ id: string; title: string; count: Int64 }>(
    'SELECT id, title, count FROM log_groups WHERE merged_into = :group ORDER BY count DESC, id',
    { group },
  )
  return rows.map(({ id, title, count }) => ({ id, title, count: Number(count) }))
}

/** Under which groups the lines of one are kept: its own, and those merged into it. */
export async function memberIds(reader: Reader, group: string): Promise<string[]> {
  const rows = await reader.select<{ id: string }>('SELECT id FROM log_groups WHERE merged_into = :group', { group })
  return [group, ...rows.map(({ id }) => id)]
}

interface MergedRow {
  id: string
  count: Int64
  first_seen_ms: Int64
  last_seen_ms: Int64
  level: Level
  patterns: string
}

const read = (tx: Tx, ids: readonly string[]) =>
  tx.select<MergedRow>(
    'SELECT id, count, first_seen_ms, last_seen_ms, level, patterns FROM log_groups WHERE id IN (:ids) ORDER BY id',
    { ids },
  )

/**
 * Takes groups into another, with those that they have taken in themselves: from then on each row counts the lines of its own
 * key, and the one that stays counts all of them. The rows are locked. Gives how many it has taken in by then.
 */
export async function takeIn(tx: Tx, into: string, groups: readonly string[], patternsMax: number): Promise<number> {
  const rows = await read(tx, [into, ...groups])
  const target = rows.find(({ id }) => id === into)
  assert(target !== undefined && rows.length === groups.length + 1, 'the groups are there: they are locked')
  const taken = rows.filter(({ id }) => id !== into)
  for (const { id } of taken) {
    await tx.change(
      `UPDATE log_groups SET count = count - (SELECT total FROM (
         SELECT COALESCE(SUM(count), 0) AS total FROM log_groups WHERE merged_into = :id) AS members) WHERE id = :id`,
      { id },
    )
    await tx.change('UPDATE log_groups SET merged_into = :into WHERE merged_into = :id', { into, id })
  }
  await tx.change('UPDATE log_groups SET merged_into = :into, row_version = row_version + 1 WHERE id IN (:groups)', {
    into,
    groups,
  })
  const added = taken.reduce((sum, { count }) => sum + Number(count), 0)
  const patterns = new Set(rows.flatMap((row) => JSON.parse(row.patterns) as string[]))
  await tx.change(
    `UPDATE log_groups SET count = count + :added, ignored_until_count = ignored_until_count + :added,
       first_seen_ms = :firstSeen, last_seen_ms = :lastSeen, level = :level, patterns = :patterns,
       row_version = row_version + 1
     WHERE id = :into`,
    {
      ...{ into, added, patterns: JSON.stringify([...patterns].slice(0, patternsMax)) },
      firstSeen: Math.min(...rows.map((row) => Number(row.first_seen_ms))),
      lastSeen: Math.max(...rows.map((row) => Number(row.last_seen_ms))),
      level: levels[Math.max(...rows.map(({ level }) => levels.indexOf(level)))],
    },
  )
  const [members] = await tx.select<{ members: number | string }>(
    'SELECT COUNT(*) AS members FROM log_groups WHERE merged_into = :into',
    { into },
  )
  return Number(members?.members ?? 0)
}

/** Lets a group out of the one it was merged into; its status begins anew. Both are locked. False if it is not in it. */
export async function letOut(tx: Tx, id: string, from: string, nowMs: number): Promise<boolean> {
  const out = await tx.change(
    `UPDATE log_groups SET merged_into = NULL, status = 'ongoing', status_since_ms = :nowMs, ignored_until_ms = NULL,
       ignored_until_count = NULL, row_version = row_version + 1
     WHERE id = :id AND merged_into = :from`,
    { id, from, nowMs },
  )
  if (out === 0) return false
  const { first, last } = await spanWithout(tx, id, from)
  await tx.change(
    `UPDATE log_groups SET
       ignored_until_count = ignored_until_count - (SELECT count FROM (SELECT count FROM log_groups WHERE id = :id) AS own),
       count = count - (SELECT count FROM (SELECT count FROM log_groups WHERE id = :id) AS own),
       first_seen_ms = :first, last_seen_ms = :last, row_version = row_version + 1
     WHERE id = :from`,
    { id, from, first, last },
  )
  return true
}

/** When lines of a group that another leaves were seen first and last: to the hour where it was that other's line. */
async function spanWithout(tx: Tx, id: string, from: string): Promise<{ first: number; last: number }> {
  const rows = await read(tx, [id, from])
  const [left, stays] = [rows.find((row) => row.id === id), rows.find((row) => row.id === from)]
  assert(left !== undefined && stays !== undefined, 'both groups are there: they are locked')
  const keys = await memberIds(tx, from)
  const [hours] = await tx.select<{ first: Int64 | null; last: Int64 | null }>(
    'SELECT MIN(bucket_ms) AS first, MAX(bucket_ms) AS last FROM log_hours WHERE group_id IN (:keys)',
    { keys },
  )
  const known = (hour: Int64 | null | undefined, seen: Int64) => Number(hour ?? seen)
  return {
    first:
      stays.first_seen_ms === left.first_seen_ms
        ? known(hours?.first, stays.first_seen_ms)
        : Number(stays.first_seen_ms),
    last:
      stays.last_seen_ms === left.last_seen_ms ? known(hours?.last, stays.last_seen_ms) : Number(stays.last_seen_ms),
  }
}
