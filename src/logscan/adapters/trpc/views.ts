import type { LogEventView, LogGroupDetail, LogGroupView, LogPatternView } from '#contract'
import { costsOf } from '../../app/pattern-costs.ts'
import type { Level } from '../../domain/log-pattern.ts'
import type { SetPattern } from '../../domain/pattern-set.ts'
import type { TimeSpan } from '../../domain/time-span.ts'
import type { SeriesPoint } from '../sequelize/count-queries.ts'
import type { KeptLine } from '../sequelize/event-rows.ts'
import type { GroupMember } from '../sequelize/group-merges.ts'
import type { LogGroup } from '../sequelize/group-rows.ts'
import type { GroupHistoryEntry } from '../sequelize/log-queries.ts'

const iso = (ms: number) => new Date(ms).toISOString()
const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms))

export function viewGroup(group: LogGroup, handles: ReadonlyMap<string, string>): LogGroupView {
  const { id, status, level, title, template, count, sample, assignee, rowVersion, mergedInto } = group
  return {
    ...{ id, status, level, title, template, count, sample, mergedInto },
    statusSince: iso(group.since),
    ignoredUntil: isoOrNull(group.ignoredUntil),
    ignoredUntilCount: group.ignoredUntilCount,
    firstSeen: iso(group.firstSeen),
    lastSeen: iso(group.lastSeen),
    patterns: [...group.patterns],
    assignee: assignee === null ? null : { id: assignee, handle: handles.get(assignee) ?? '' },
    version: rowVersion,
  }
}

export function viewDetail(
  group: LogGroup,
  handles: ReadonlyMap<string, string>,
  history: readonly GroupHistoryEntry[],
  members: readonly GroupMember[],
): LogGroupDetail {
  const [message = '', ...trace] = group.template.split('\n')
  return {
    ...viewGroup(group, handles),
    members: members.map((member) => ({ ...member })),
    grouping: { version: group.version, message, trace },
    history: history.map(({ at, ...change }) => ({ at: iso(at), ...change })),
  }
}

export function viewEvent({ generation, time, seenAt, patterns, ...line }: KeptLine): LogEventView {
  const id = `${generation}:${line.offset}`
  return { id, ...line, time: isoOrNull(time), seenAt: iso(seenAt), patterns: [...patterns] }
}

export const viewSpan = ({ from, to }: TimeSpan) => ({ from: iso(from), to: iso(to) })

/** One point a step, whatever levels its lines have. */
export function viewSeries(points: readonly SeriesPoint[]) {
  const steps = new Map<number, Record<Level, number>>()
  for (const { at, level, lines } of points) {
    const byLevel = steps.get(at) ?? { trace: 0, debug: 0, info: 0, warn: 0, error: 0, fatal: 0 }
    byLevel[level] += lines
    steps.set(at, byLevel)
  }
  return [...steps].map(([at, byLevel]) => ({
    at: iso(at),
    lines: Object.values(byLevel).reduce((sum, lines) => sum + lines, 0),
    byLevel,
  }))
}

export function viewPattern({ pattern, createdAt, updatedAt, ...state }: SetPattern): LogPatternView {
  const { id, title, level, match, ignoreCase } = pattern
  return {
    ...{ id, title, level, ignoreCase },
    regex: 'regex' in match ? match.regex : null,
    anyOf: 'anyOf' in match ? [...match.anyOf] : null,
    cost: costsOf(pattern),
    ...state,
    createdAt: isoOrNull(createdAt),
    updatedAt: isoOrNull(updatedAt),
  }
}
