import { describe, expect, it } from 'vitest'
import {
  type Arrival,
  type GroupMove,
  type GroupState,
  type GroupStatus,
  groupStatuses,
  newForMs,
  stateMoved,
  statusAfter,
} from '../../src/logscan/domain/group/group-status.ts'

const start = Date.UTC(2026, 0, 1)
const minuteMs = 60_000

function stateOf(status: GroupStatus, given: Partial<GroupState> = {}): GroupState {
  return { status, since: start, firstStored: start, ignoredUntil: null, ignoredUntilCount: null, ...given }
}

/** Some lines of a group that had ten before, ten minutes after it was first seen. */
function arrivalOf(given: Partial<Arrival> = {}): Arrival {
  const now = given.now ?? start + 10 * minuteMs
  return { lines: 1, count: 11, newestTime: now, now, ...given }
}

const stays = (status: GroupStatus) => ({ status, reason: null, tell: null })

describe('a group', () => {
  it('is told of as new with its first lines, however many, and never again', () => {
    const first = statusAfter(stateOf('new'), arrivalOf({ lines: 3, count: 3, now: start }))
    expect(first).toEqual({ status: 'new', reason: null, tell: 'new' })
    expect(statusAfter(stateOf('new'), arrivalOf({ lines: 3, count: 6, now: start }))).toEqual(stays('new'))
  })

  it('is ongoing when it is seen again after its first hour, and new until then', () => {
    const seenAgain = (ms: number) => statusAfter(stateOf('new'), arrivalOf({ now: start + ms }))
    expect(seenAgain(newForMs - 1)).toEqual(stays('new'))
    expect(seenAgain(newForMs)).toEqual({ status: 'ongoing', reason: 'seen_again', tell: null })
  })

  it.each(['ongoing', 'regressed'] as const)('that is %s stays so', (status) => {
    for (const now of [start, start + newForMs, start + 1000 * newForMs])
      expect(statusAfter(stateOf(status), arrivalOf({ now }))).toEqual(stays(status))
  })
})

describe('a resolved group', () => {
  const resolved = stateOf('resolved', { since: start + minuteMs })
  const withNewest = (newestTime: number) => statusAfter(resolved, arrivalOf({ newestTime, lines: 5 }))

  it('regresses by a line stamped after the resolve, which is told', () => {
    const regressed = { status: 'regressed', reason: 'seen_after_resolve', tell: 'regressed' }
    expect(withNewest(start + minuteMs + 1)).toEqual(regressed)
    expect(withNewest(start + 10 * minuteMs)).toEqual(regressed)
  })

  it('stays resolved by lines stamped before it or at its very time, whenever they are read', () => {
    for (const newest of [0, start, start + minuteMs - 1, start + minuteMs])
      expect(withNewest(newest)).toEqual(stays('resolved'))
  })
})

describe('an ignored group', () => {
  const over = { status: 'ongoing', reason: 'ignore_over', tell: 'ignore_over' }

  it('stays ignored for ever', () => {
    expect(statusAfter(stateOf('ignored'), arrivalOf({ now: start + 1e12, count: 1e9 }))).toEqual(stays('ignored'))
  })

  it('is back with a line that comes at its end or later', () => {
    const ignored = stateOf('ignored', { ignoredUntil: start + minuteMs })
    expect(statusAfter(ignored, arrivalOf({ now: start + minuteMs - 1 }))).toEqual(stays('ignored'))
    expect(statusAfter(ignored, arrivalOf({ now: start + minuteMs }))).toEqual(over)
  })

  it('is back with exactly so many more lines, one by one or at once', () => {
    const ignored = stateMoved(stateOf('ongoing'), { to: 'ignored', until: null, lines: 3 }, 10, start)
    expect(ignored).toMatchObject({ status: 'ignored', ignoredUntilCount: 13 })
    const counts = [11, 12, 13].map((count) => statusAfter(ignored, arrivalOf({ count })).status)
    expect(counts).toEqual(['ignored', 'ignored', 'ongoing'])
    expect(statusAfter(ignored, arrivalOf({ lines: 500, count: 510 }))).toEqual(over)
  })

  it('is back by whichever of two bounds is reached first', () => {
    const ignored = stateOf('ignored', { ignoredUntil: start + minuteMs, ignoredUntilCount: 20 })
    expect(statusAfter(ignored, arrivalOf({ now: start, count: 20 }))).toEqual(over)
    expect(statusAfter(ignored, arrivalOf({ now: start + minuteMs, count: 11 }))).toEqual(over)
    expect(statusAfter(ignored, arrivalOf({ now: start, count: 19 }))).toEqual(stays('ignored'))
  })
})

describe('staff', () => {
  const moves: GroupMove[] = [{ to: 'ongoing' }, { to: 'resolved' }, { to: 'ignored', until: null, lines: null }]

  it('may move a group from every status; what was ignored before leaves nothing behind', () => {
    const before = { ignoredUntil: start, ignoredUntilCount: 12 }
    for (const status of groupStatuses)
      for (const move of moves) {
        const moved = stateMoved(stateOf(status, before), move, 10, start + 5)
        expect(moved).toEqual(stateOf(move.to, { since: start + 5 }))
      }
  })
})
