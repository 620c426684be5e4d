import type { LogPattern } from '../../domain/log-pattern.ts'
import type { Summary } from '../../domain/scan/summary.ts'
import { printable } from './printable.ts'

/** A line for each pattern that was found: id, lines, first and last seen, where the example stands, and the example. */
export function plainSummary(patterns: readonly LogPattern[], summary: Summary): string {
  return summary.patterns
    .flatMap(({ lines, times, example }, index) => {
      if (example === null) return []
      const place = `${printable(example.file)}:${example.line}`
      const text = printable(example.text)
      return [
        `${[(patterns[index] as LogPattern).id, lines, seen(times.first), seen(times.last), place, text].join('\t')}\n`,
      ]
    })
    .join('')
}

/** An instant, in UTC; a dash where no line told its time. */
export function seen(time: number): string {
  return Number.isFinite(time) ? new Date(time).toISOString() : '-'
}
