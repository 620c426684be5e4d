import { eventLength, mayContinue } from '../line/traces.ts'

/** Of an event, so many lines behind the first, that end within so many bytes from its beginning, are told from others. */
const eventLinesMax = 100
const eventBytesMax = 32_768

/** The lines around one, as far as they can be seen. */
export interface Surroundings {
  /** Gives the line above, then that above it, null where there is none; and the offset of the one given last. */
  above(): { next(): string | null; offset(): number }
  /** Up to so many lines below that end before an offset; null if they are not known yet. */
  below(most: number, endOffset: number): readonly string[] | null
}

/** A line that matched, among the lines that tell one event with it. */
export interface LogEvent {
  readonly lines: readonly string[]
  /** Which of them matched. */
  readonly index: number
  /** So many of the lines, the first and those behind it, have this very event; 0 where the beginning is not known. */
  readonly shared: number
}

/**
 * The event that a line, at an offset, belongs to: multi-line traces are joined to the line that began them. It depends on the
 * text alone, whichever lines were asked about before. Null if more of the text has to be known.
 */
export function eventAround(line: string, offset: number, around: Surroundings): LogEvent | null {
  if (!mayContinue(line)) return eventFrom(line, offset, around)
  const above: string[] = []
  const upwards = around.above()
  for (let text = upwards.next(); text !== null && above.length < eventLinesMax; text = upwards.next()) {
    above.unshift(text)
    if (mayContinue(text)) continue
    const below = around.below(eventLinesMax - above.length, upwards.offset() + eventBytesMax)
    if (below === null) return null
    const lines = [...above, line, ...below]
    const length = eventLength(lines)
    if (above.length < length) return eventOf(lines.slice(0, length), above.length)
    break
  }
  const below = around.below(eventLinesMax, offset + eventBytesMax)
  if (below === null) return null
  const lines = [line, ...below]
  return { lines: lines.slice(0, eventLength(lines)), index: 0, shared: 0 }
}

/** Most lines are an event by themselves. */
function eventFrom(line: string, offset: number, around: Surroundings): LogEvent | null {
  const next = around.below(1, offset + eventBytesMax)
  if (next === null) return null
  const below =
    next[0] === undefined || !mayContinue(next[0]) ? [] : around.below(eventLinesMax, offset + eventBytesMax)
  if (below === null) return null
  const lines = [line, ...below]
  const length = below.length === 0 ? 1 : eventLength(lines)
  return eventOf(lines.slice(0, length), 0)
}

/** A line that could begin an event looks no further up, even if it is told with those above it: it has an event of its own. */
function eventOf(lines: readonly string[], index: number): LogEvent {
  const other = lines.findIndex((line, at) => at > 0 && !mayContinue(line))
  return { lines, index, shared: other === -1 ? lines.length : other }
}
