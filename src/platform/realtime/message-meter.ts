/** How far over its rate a socket may go before it is taken for an attack. */
const floodFactor = 5

export type Verdict = { readonly kind: 'ok' } | { readonly kind: 'limited'; readonly retryAfterMs: number }

const ok: Verdict = { kind: 'ok' }

/** A token bucket that holds one second's worth of messages. */
export function createMessageMeter(perSecond: number, monotonicMs: () => number = () => performance.now()) {
  let tokens = perSecond
  let filledAtMs = monotonicMs()
  return {
    take(): Verdict {
      const nowMs = monotonicMs()
      tokens = Math.min(perSecond, tokens + ((nowMs - filledAtMs) * perSecond) / 1000)
      filledAtMs = nowMs
      if (tokens < 1) return { kind: 'limited', retryAfterMs: Math.ceil(((1 - tokens) * 1000) / perSecond) }
      tokens--
      return ok
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
