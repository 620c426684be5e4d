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
  /** The first of them begins an event; false where it may be the midst of a longer one. */
  readonly hasBeginning: boolean
}

/**
 * The event that a line, at an offset, belongs to: multi-line traces are joined to the line that began them. It depends on the
 * text alone, so that each line of an event has the same. Null if more of the text has to be known.
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
    if (above.length < length) return { lines: lines.slice(0, length), index: above.length, hasBeginning: true }
    break
  }
  const below = around.below(eventLinesMax, offset + eventBytesMax)
  if (below === null) return null
  const lines = [line, ...below]
  return { lines: lines.slice(0, eventLength(lines)), index: 0, hasBeginning: false }
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
  return { lines: lines.slice(0, length), index: 0, hasBeginning: true }
}
