import * as char from './char-codes.ts'
import { hasOwnHeader } from './own-header.ts'
import { isFrame, isSourceOfNode } from './trace-frame.ts'
import { isBareName, kindOf, type TraceLine } from './trace-line.ts'

export { traceOf } from './trace-of.ts'

/**
 * True if the line, by itself, could belong to the event of the line before it; eventLength says whether it does. What only
 * its place tells (the source that Node prints, the second line of an exception's message) is not seen here.
 */
export function mayContinue(line: string): boolean {
  const first = line.charCodeAt(0)
  if (char.isBlank(first)) return !hasOwnHeader(line, char.skipBlanks(line, 0, line.length))
  const kind = kindOf(line)
  return kind === 'other' ? isBareName(line) : kind !== 'header'
}

/** Blank lines in a row that may stand within a trace. */
const blanksMax = 2
/** Lines of source that Node prints, the caret's included. */
const sourceLinesMax = 3
/** Lines of an exception's message before its first frame. */
const messageLinesMax = 4

/**
 * How many of the lines belong to the event that the first begins, at least one. Line by line, the first that fits none of
 * these rules is the next event's:
 *
 * - A line with a stamp or a level of its own never belongs.
 * - An indented line does; after a blank one, only once there was a trace.
 * - So do lines that only traces have (`Caused by:`, `... 2 more`, `goroutine 1 [running]:`), and closing brackets.
 * - Calls as Go prints them belong after `panic:`, `fatal error:` or a goroutine's title.
 * - After a Python traceback, the next line that is not indented belongs: it names the exception.
 * - `pkg.SomeError: message` belongs right below a line with a stamp or level; elsewhere if no frames came but follow it.
 * - After `/path/file.js:12`, so does all up to the error below a caret that comes within three lines. After a Rust `panicked at …:`, its message does.
 * - Lines between an exception's name and its first frame are its message, four at most.
 * - Blank lines belong if a line that belongs comes after them, two in a row at most.
 */
export function eventLength(lines: readonly string[]): number {
  const state = beginEvent(lines)
  let length = 1
  let blanks = 0
  for (let index = 1; index < lines.length; index++) {
    const kind = kindOf(lines[index] as string)
    if (kind === 'blank') {
      if (++blanks > blanksMax) break
      continue
    }
    if (!belongs(state, lines, index, kind, blanks > 0)) break
    blanks = 0
    length = index + 1
  }
  return length
}

/** What the lines so far say about those to come. */
interface EventState {
  hasFrames: boolean
  isGo: boolean
  /** A traceback whose exception is not named yet. */
  isTraceback: boolean
  /** Node printed the place: source, caret and error follow. */
  isSource: boolean
  /** The next line tells what went wrong, whatever it says. */
  isTold: boolean
  /** The first line names an exception, so its message may go on. */
  isFault: boolean
}

function beginEvent(lines: readonly string[]): EventState {
  const first = lines[0] ?? ''
  return {
    hasFrames: false,
    isGo: startsGo(first),
    isTraceback: kindOf(first) === 'traceback' || first.includes('Traceback (most recent call last)'),
    isSource: isSourceOfNode(first) && lines.slice(1, sourceLinesMax + 1).some(isCaret),
    isTold: first.includes(' panicked at ') && first.trimEnd().endsWith(':'),
    isFault: /(?:Error|Exception)(?:: |$)/.test(first.slice(0, 1024)),
  }
}

function startsGo(line: string): boolean {
  return line.includes('panic: ') || line.includes('fatal error: ') || line.startsWith('goroutine ')
}

function belongs(
  state: EventState,
  lines: readonly string[],
  index: number,
  kind: TraceLine,
  isAfterBlank: boolean,
): boolean {
  const line = lines[index] as string
  if (state.isSource && kind !== 'header') return belongsToSource(state, line)
  if (isFrame(line)) state.hasFrames = true
  switch (kind) {
    case 'indented':
      return !isAfterBlank || state.hasFrames || state.isGo || state.isTraceback
    case 'traceback':
      // One that follows a finished one without a word of chaining is another event's.
      if (!state.isTraceback && state.hasFrames && !isChained(lines, index) && line.startsWith('Traceback'))
        return false
      state.isTraceback = true
      state.hasFrames = true
      return true
    case 'part':
      return belongsAsPart(state, line)
    case 'closer':
      return index > 1 || /[[({]\s*$/.test((lines[0] as string).slice(-8))
    case 'go':
      if (line.startsWith('goroutine ')) state.isGo = true
      if (state.isTraceback) return nameException(state, line)
      return state.isGo || isMessage(state, lines, index, isAfterBlank)
    case 'exception':
      if (state.isTraceback) return nameException(state, line)
      return (!isAfterBlank && isNamedFirst(state, lines, index)) || isMessage(state, lines, index, isAfterBlank)
    case 'other':
      if (state.isTraceback) return nameException(state, line)
      return isMessage(state, lines, index, isAfterBlank)
    case 'header':
    case 'blank':
      return false
  }
}

function belongsToSource(state: EventState, line: string): boolean {
  if (isCaret(line)) {
    state.isSource = false
    state.isFault = true
    state.isTold = true
  }
  return true
}

function isCaret(line: string): boolean {
  return /^\s*\^/.test(line.slice(0, 512))
}

function isLoose(line: string): boolean {
  return looseStarts.some((start) => line.startsWith(start))
}

const looseStarts = ['Next ', 'from ', 'throw ', 'Node.js v']

/** Such words also begin sentences; they are a trace's where there is one. */
function belongsAsPart(state: EventState, line: string): boolean {
  if (line.startsWith('note: ') || line.startsWith('stack backtrace:')) return true
  if (isLoose(line)) return state.hasFrames || state.isFault
  state.hasFrames = true
  return true
}

function nameException(state: EventState, line: string): boolean {
  if (!char.isLetter(line.charCodeAt(0))) return false
  state.isTraceback = false
  state.hasFrames = true
  return true
}

/** Text between what names the fault and its first frame. */
function isMessage(state: EventState, lines: readonly string[], index: number, isAfterBlank: boolean): boolean {
  if (state.isTold) {
    state.isTold = false
    return true
  }
  return !state.hasFrames && !isAfterBlank && state.isFault && framesFollow(lines, index, messageLinesMax + 1)
}

/** The name of what a stamped line tells of, right below it; elsewhere only where its frames follow. */
function isNamedFirst(state: EventState, lines: readonly string[], index: number): boolean {
  const first = lines[0] as string
  return !state.hasFrames && ((index === 1 && kindOf(first) === 'header') || framesFollow(lines, index, index + 1))
}

/** A frame, or what only traces have, comes up to that line, and before it neither a blank line nor another event. */
function framesFollow(lines: readonly string[], index: number, last: number): boolean {
  for (let next = index + 1; next < lines.length && next <= last; next++) {
    const line = lines[next] as string
    const kind = kindOf(line)
    if (kind === 'header' || kind === 'blank') return false
    if (isFrame(line) || kind === 'traceback' || (kind === 'part' && !isLoose(line))) return true
  }
  return false
}

function isChained(lines: readonly string[], index: number): boolean {
  for (let before = index - 1; before >= 0 && before >= index - 3; before--) {
    const line = lines[before] as string
    if (line.startsWith('During handling of') || line.startsWith('The above exception')) return true
  }
  return false
}
