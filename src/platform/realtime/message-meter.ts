/** How far over its rate a socket may go before it is taken for an attack. */
const floodFactor = 5

/** A token bucket that holds one second's worth of messages. */
export function createMessageMeter(perSecond: number, monotonicMs: () => number = () => performance.now()) {
  let tokens = perSecond
  let filledAtMs = monotonicMs()
  return {
    /** Counts one message. Returns 0, or the milliseconds until one is allowed again. */
    take(): number {
      const nowMs = monotonicMs()
      tokens = Math.min(perSecond, tokens + ((nowMs - filledAtMs) * perSecond) / 1000)
      filledAtMs = nowMs
      if (tokens < 1) return Math.ceil(((1 - tokens) * 1000) / perSecond)
      tokens--
      return 0
    },
  }
}

/** Tells whether more than five times the rate came within one second; it counts everything a connection sends. */
export function createFloodGate(perSecond: number, monotonicMs: () => number = () => performance.now()) {
  let count = 0
  let sinceMs = monotonicMs()
  return {
    isFlooded(): boolean {
      const nowMs = monotonicMs()
      if (nowMs - sinceMs >= 1000) {
        sinceMs = nowMs
        count = 0
      }
      return ++count > perSecond * floodFactor
    },
  }
}
