import { type DepositStatus, openStatuses } from './deposit-status.ts'

/** What of a deposit says when its gateway is asked about it. */
interface Checked {
  readonly status: DepositStatus
  readonly createdAt: Date
  readonly expiresAt: Date
  /** How often it was asked. */
  readonly checks: number
}

/** A charge that is not confirmed after this was lost on the way to the gateway or back. */
const createdCheckMs = 5_000
const beforeEndMs = 5_000
const afterEndMs = 1_000
/** Where nothing is awaited there is no hurry. */
const settledCheckMs = 60_000
const growth = 4
const growthMax = 12
const openPauseMaxMs = 3_600_000

const open: ReadonlySet<DepositStatus> = new Set(openStatuses)
/** Whose payer may still be on the way. */
const hurried: ReadonlySet<DepositStatus> = new Set([...openStatuses, 'expired', 'canceled'])

export function firstCheckAt(createdAt: Date): Date {
  return new Date(createdAt.getTime() + createdCheckMs)
}

/** Just before the end of the countdown, so that a payment whose notice was lost still counts in time. */
export function checkBeforeEnd({ createdAt, expiresAt }: Checked, lateWatchMs: number): Date {
  const lifeMs = expiresAt.getTime() - createdAt.getTime()
  const earlyMs = Math.min(beforeEndMs, Math.floor(lifeMs / 4))
  return new Date(expiresAt.getTime() - Math.min(earlyMs, lateWatchMs))
}

/** When to look once more at a deposit that was settled: for a second payment, or one that was taken back. */
export function checkAfterSettling(expiresAt: Date, now: Date): Date {
  return new Date(Math.max(expiresAt.getTime(), now.getTime()) + settledCheckMs)
}

/**
 * When to ask the gateway again after a check at `now`: just after the end, then with growing pauses, for the last time
 * as the late watch ends. A payment that is being processed is asked about for as long as it takes. Null: no more.
 */
export function nextCheck({ status, expiresAt, checks }: Checked, now: Date, lateWatchMs: number): Date | null {
  const nowMs = now.getTime()
  const afterEnd = expiresAt.getTime() + afterEndMs
  const pauseMs = (hurried.has(status) ? createdCheckMs : settledCheckMs) * growth ** Math.min(checks + 1, growthMax)
  if (status === 'created') return new Date(Math.min(nowMs + pauseMs, Math.max(afterEnd, nowMs + createdCheckMs)))
  if (nowMs < afterEnd) return new Date(afterEnd)
  if (open.has(status)) return new Date(nowMs + Math.min(pauseMs, openPauseMaxMs))
  const watchEnds = expiresAt.getTime() + lateWatchMs
  return nowMs < watchEnds ? new Date(Math.min(nowMs + pauseMs, watchEnds)) : null
}
