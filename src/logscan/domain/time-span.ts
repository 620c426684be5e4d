export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** Times are in ms since the epoch; `to` is exclusive. */
export interface TimeSpan {
  readonly from: number
  readonly to: number
}

export const stepMs = { minute: minuteMs, hour: hourMs } as const
export type SeriesStep = keyof typeof stepMs

/** Up to that, a series goes by the minute unless told. */
const minutesUpToMs = 6 * hourMs
/** Longer ones would read too many rows at once. */
export const spanMaxMs = 400 * dayMs
/** Steps of one series. */
export const seriesStepsMax = 3000

/** What is asked for, or the day up to now. */
export function timeSpan(from: number | null, to: number | null, now: number): TimeSpan {
  const end = to ?? now
  return { from: from ?? end - dayMs, to: end }
}

export function usualStep({ from, to }: TimeSpan): SeriesStep {
  return to - from <= minutesUpToMs ? 'minute' : 'hour'
}

/** The steps that a span touches. */
export function stepsOf({ from, to }: TimeSpan, step: SeriesStep): number {
  return Math.ceil(to / stepMs[step]) - Math.floor(from / stepMs[step])
}
