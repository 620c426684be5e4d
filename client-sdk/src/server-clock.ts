const samplesMax = 8

/**
 * The server's time, carried forward by a monotonic clock, so that the local date never matters.
 * A sample is late by its journey, never early: the largest of the newest offsets is the best one. Where the monotonic
 * clock stood still during a sleep, the first sample afterwards is larger than all before, and wins at once.
 */
export interface ServerClock {
  /** Takes a `serverTime` (ISO 8601) that has just arrived. */
  observe(serverTime: string): void
  /** Milliseconds since the epoch on the server's clock; null before the first sample. */
  now(): number | null
}

export function createServerClock(monotonicMs: () => number = () => performance.now()): ServerClock {
  let offsetsMs: number[] = []
  return {
    observe(serverTime) {
      const offsetMs = Date.parse(serverTime) - monotonicMs()
      if (!Number.isNaN(offsetMs)) offsetsMs = [...offsetsMs.slice(1 - samplesMax), offsetMs]
    },
    now: () => (offsetsMs.length === 0 ? null : monotonicMs() + Math.max(...offsetsMs)),
  }
}
