import { performance } from 'node:perf_hooks'
import type { Clock } from '../kernel/clock.ts'

/** A clock that follows the database's, whatever the machine's own says. */
export interface SyncedClock extends Clock {
  /** Measures the database's time anew. */
  sync(): Promise<void>
}

/**
 * Keeps the distance between this process's monotonic timer and the database's clock, so that a machine clock that is
 * wrong or jumps changes nothing. The answer's time is taken to be in the middle of the round trip; a slow round trip
 * says little, so it only counts once the last good measure is old.
 */
export async function createSyncedClock(
  databaseNowMs: () => Promise<number>,
  monotonicMs: () => number = () => performance.now(),
): Promise<SyncedClock> {
  let anchorMs = 0
  let roundTripMs = Number.POSITIVE_INFINITY
  let measuredAtMs = 0

  async function sync() {
    const before = monotonicMs()
    const databaseMs = await databaseNowMs()
    const after = monotonicMs()
    const tripMs = after - before
    const trusted = roundTripMs + (after - measuredAtMs) / 100
    if (tripMs > trusted) return
    anchorMs = databaseMs - (before + after) / 2
    roundTripMs = tripMs
    measuredAtMs = after
  }

  await sync()
  return { sync, now: () => new Date(Math.floor(anchorMs + monotonicMs())) }
}
