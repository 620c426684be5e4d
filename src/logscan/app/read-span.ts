import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import {
  type SeriesStep,
  seriesStepsMax,
  spanMaxMs,
  stepsOf,
  type TimeSpan,
  timeSpan,
  usualStep,
} from '../domain/time-span.ts'

interface AskedSpan {
  readonly from: number | null
  readonly to: number | null
}

/** The time that is meant, for sums and series over it. Both throw `logs.window_invalid`. */
export function readSpan({ clock }: { clock: Clock }) {
  function span({ from, to }: AskedSpan): TimeSpan {
    const meant = timeSpan(from, to, clock.now().getTime())
    const field = to === null ? 'from' : 'to'
    if (meant.from >= meant.to) throw new DomainError('logs.window_invalid', 'invalid', { field, rule: 'empty' })
    if (meant.to - meant.from > spanMaxMs)
      throw new DomainError('logs.window_invalid', 'invalid', { field, rule: 'too_long', maxMs: spanMaxMs })
    return meant
  }
  return {
    span,
    series(asked: AskedSpan, askedStep: SeriesStep | null): TimeSpan & { readonly step: SeriesStep } {
      const meant = span(asked)
      const step = askedStep ?? usualStep(meant)
      if (stepsOf(meant, step) > seriesStepsMax)
        throw new DomainError('logs.window_invalid', 'invalid', {
          ...{ field: 'step', rule: 'too_many_steps', maxSteps: seriesStepsMax },
        })
      return { ...meant, step }
    },
  }
}
