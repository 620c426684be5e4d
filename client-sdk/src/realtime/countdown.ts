import type { ServerClock } from '../server-clock.ts'

export interface Countdown {
  /** Counts towards this moment (ISO 8601): ticks at once, then at every whole `tickMs` of what remains, and at 0. */
  aim(expiresAt: string): void
  /** Plans the next tick anew, after the clock was corrected. */
  correct(): void
  stop(): void
}

interface CountdownOptions {
  readonly clock: ServerClock
  readonly tickMs: number
  readonly onTick: (remainingMs: number) => void
  /** Much time passed unseen: the machine slept, the page was frozen, or the clock was far off. */
  readonly onGap: () => void
}

const gapMs = 3_000
/** Timers fire up to a millisecond early; the second that has just begun must not be shown twice for it. */
const slackMs = 2

export function createCountdown({ clock, tickMs, onTick, onGap }: CountdownOptions): Countdown {
  let endMs: number | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  /** What will remain at the next tick. */
  let targetMs = Number.POSITIVE_INFINITY

  const below = (leftMs: number) => Math.max(0, (Math.ceil((leftMs - tickMs / 50) / tickMs) - 1) * tickMs)

  function remainingMs(): number | null {
    const nowMs = clock.now()
    return endMs === null || nowMs === null ? null : Math.max(0, Math.round(endMs - nowMs))
  }

  function plan(): void {
    clearTimeout(timer)
    const leftMs = remainingMs()
    // Nothing to count: the server's time is not known yet, or it is over and that was told.
    if (leftMs === null || (leftMs === 0 && targetMs < 0)) return
    if (targetMs < 0 || targetMs < leftMs - 1.5 * tickMs) targetMs = below(leftMs)
    timer = setTimeout(tick, Math.max(0, leftMs - targetMs + slackMs))
  }

  function tick(): void {
    const leftMs = remainingMs()
    if (leftMs === null) return
    const unseen = targetMs !== Number.POSITIVE_INFINITY && leftMs < targetMs - gapMs
    targetMs = leftMs === 0 ? -1 : below(leftMs)
    // Planned before the callbacks, which may stop everything.
    plan()
    if (unseen) onGap()
    onTick(leftMs)
  }

  return {
    aim(expiresAt) {
      const nextMs = Date.parse(expiresAt)
      if (nextMs === endMs) return
      endMs = nextMs
      targetMs = Number.POSITIVE_INFINITY
      tick()
    },
    correct: plan,
    stop() {
      clearTimeout(timer)
      endMs = null
    },
  }
}
