import { assert } from '../../../kernel/assert.ts'
import type { FollowStep, FoundGroup, FoundLine } from '../../app/match-store.ts'
import { type Level, levels } from '../../domain/log-pattern.ts'

/** A line, and where it is counted. */
export interface PlacedLine {
  readonly line: FoundLine
  readonly generation: string
  readonly source: string
  readonly patternsVersion: number
  /** What it says of itself, or when it was seen: also if it claims a time that has not come yet. */
  readonly time: number
}

/** What came to a group with some steps. */
export interface GroupArrival {
  readonly found: FoundGroup
  readonly sample: string
  readonly patterns: Set<string>
  readonly sources: Set<string>
  lines: number
  level: Level
  firstTime: number
  newestTime: number
}

export function placeLines(steps: readonly FollowStep[], nowMs: number): PlacedLine[] {
  return steps.flatMap(({ generation: { id, source }, lines, patternsVersion }) =>
    lines.map((line) => ({ line, generation: id, source, patternsVersion, time: Math.min(line.time ?? nowMs, nowMs) })),
  )
}

/** The groups of the lines, by ascending id: whoever keeps lines locks groups in this order. */
export function arrivalsOf(steps: readonly FollowStep[], lines: readonly PlacedLine[]): GroupArrival[] {
  const found = new Map(steps.flatMap(({ groups }) => groups).map((group) => [group.id, group]))
  const arrivals = new Map<string, GroupArrival>()
  for (const { line, source, time } of lines) {
    const arrival = arrivals.get(line.group) ?? begin(found.get(line.group), line, time)
    arrivals.set(line.group, arrival)
    arrival.lines++
    arrival.level = moreSevere(arrival.level, line.level)
    arrival.firstTime = Math.min(arrival.firstTime, time)
    arrival.newestTime = Math.max(arrival.newestTime, time)
    for (const pattern of line.patterns) arrival.patterns.add(pattern)
    arrival.sources.add(source)
  }
  return [...arrivals.values()].sort((a, b) => (a.found.id < b.found.id ? -1 : 1))
}

function begin(found: FoundGroup | undefined, { group, level, text }: FoundLine, time: number): GroupArrival {
  assert(found !== undefined, `the steps tell of the group ${group}, which has lines`)
  return {
    found,
    sample: text,
    patterns: new Set(),
    sources: new Set(),
    lines: 0,
    level,
    firstTime: time,
    newestTime: time,
  }
}

export function moreSevere(one: Level, other: Level): Level {
  return levels.indexOf(one) < levels.indexOf(other) ? other : one
}
