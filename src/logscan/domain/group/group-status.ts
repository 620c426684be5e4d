export const groupStatuses = ['new', 'ongoing', 'regressed', 'resolved', 'ignored'] as const

/**
 * - `new`: seen for the first time, less than an hour before its last lines.
 * - `ongoing`: known, and there.
 * - `regressed`: seen again after it was resolved, until staff say otherwise.
 * - `resolved`: staff say that it is over.
 * - `ignored`: nobody wants to hear of it, for ever or until a bound.
 */
export type GroupStatus = (typeof groupStatuses)[number]

/** So long after its first line was kept, a line makes a new group an ongoing one. */
export const newForMs = 3_600_000

/** Times are in ms since the epoch. */
export interface GroupState {
  readonly status: GroupStatus
  readonly since: number
  /** When its first line was kept. */
  readonly firstStored: number
  /** While it is ignored: the time, and the count of its lines, at which that is over; with neither it never is. */
  readonly ignoredUntil: number | null
  readonly ignoredUntilCount: number | null
}

/** Lines that came to a group at once. */
export interface Arrival {
  readonly lines: number
  /** The newest time of theirs; a line that tells none counts as of now. */
  readonly newestTime: number
  /** All lines that the group ever had, these included. */
  readonly count: number
  readonly now: number
}

export type StatusReason = 'seen_again' | 'seen_after_resolve' | 'ignore_over'

export interface StatusStep {
  readonly status: GroupStatus
  /** Null if the status stays. */
  readonly reason: StatusReason | null
  /** What people are to be told, once. */
  readonly tell: 'new' | 'regressed' | 'ignore_over' | null
}

/** The status of a group once lines have come. */
export function statusAfter(group: GroupState, { lines, newestTime, count, now }: Arrival): StatusStep {
  switch (group.status) {
    case 'new':
      if (count === lines) return { status: 'new', reason: null, tell: 'new' }
      if (now - group.firstStored < newForMs) break
      return { status: 'ongoing', reason: 'seen_again', tell: null }
    case 'resolved':
      // A line from before the resolve that is only read now says nothing against it.
      if (newestTime <= group.since) break
      return { status: 'regressed', reason: 'seen_after_resolve', tell: 'regressed' }
    case 'ignored':
      if (!isIgnoreOver(group, count, now)) break
      return { status: 'ongoing', reason: 'ignore_over', tell: 'ignore_over' }
    case 'ongoing':
    case 'regressed':
      break
  }
  return { status: group.status, reason: null, tell: null }
}

function isIgnoreOver({ ignoredUntil, ignoredUntilCount }: GroupState, count: number, now: number): boolean {
  if (ignoredUntil !== null && now >= ignoredUntil) return true
  return ignoredUntilCount !== null && count >= ignoredUntilCount
}

/** What staff make of a group. `until` is a time, `lines` how many more lines are ignored: the last of them ends it. */
export type GroupMove =
  | { readonly to: 'ongoing' | 'resolved' }
  | { readonly to: 'ignored'; readonly until: number | null; readonly lines: number | null }

/** The state of a group with `count` lines once staff have moved it. */
export function stateMoved(group: GroupState, move: GroupMove, count: number, now: number): GroupState {
  const { firstStored } = group
  if (move.to !== 'ignored')
    return { status: move.to, since: now, firstStored, ignoredUntil: null, ignoredUntilCount: null }
  const ignoredUntilCount = move.lines === null ? null : count + move.lines
  return { status: 'ignored', since: now, firstStored, ignoredUntil: move.until, ignoredUntilCount }
}
