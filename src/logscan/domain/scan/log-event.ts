import { eventLength, mayContinue } from '../line/traces.ts'

/** Lines of a trace that are looked at, before and behind the line that matched. */
export const eventLinesMax = 100

/** A line that matched, among the lines that tell one event with it. */
export interface LogEvent {
  /** The first of them began the event. */
  readonly lines: readonly string[]
  /** Which of them matched. */
  readonly index: number
}

/**
 * The event that a line belongs to: multi-line traces are joined to the line that began them. `before` gives the line above
 * the one it gave last, null where there is none; `after` are the lines that follow.
 */
export function eventAround(line: string, before: () => string | null, after: readonly string[]): LogEvent {
  if (mayContinue(line)) {
    const above: string[] = []
    for (let text = before(); text !== null && above.length < eventLinesMax; text = before()) {
      above.unshift(text)
      if (!mayContinue(text)) break
    }
    const lines = [...above, line, ...after]
    const length = eventLength(lines)
    if (above.length < length) return { lines: lines.slice(0, length), index: above.length }
  }
  const lines = [line, ...after]
  return { lines: lines.slice(0, eventLength(lines)), index: 0 }
}
