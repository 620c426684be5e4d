import * as char from './char-codes.ts'
import { isShouted, letterLevel, levelWord } from './level-word.ts'
import { isRequestId, peelLogger } from './logger.ts'
import { namesMax, type Scan, takeStamp } from './scan.ts'
import { readStamp } from './stamp.ts'

const bracketMax = 256

/** A field in brackets, if it is of the header: `[stamp]`, `[level]`, `[thread]`, `[pid 1:tid 2]`, `[client 1.2.3.4]`. */
export function peelBracket(scan: Scan, open: number): number {
  const { text } = scan
  const close = closing(text, open, Math.min(scan.end, open + bracketMax))
  if (close < 0) return -1
  const from = char.skipBlanks(text, open + 1, close)
  let end = close
  while (end > from && char.isBlank(text.charCodeAt(end - 1))) end--
  if (!scan.hasStamp && peelStamped(scan, from, end)) return close + 1
  if (scan.level === null && peelBracketedLevel(scan, from, end)) return close + 1
  if (scan.hasStamp || scan.level !== null) {
    if (isFieldOf(scan, from, end)) return close + 1
    return peelFollowed(scan, from, end, close + 1)
  }
  const next = char.skipBlanks(text, close + 1, scan.end)
  const isBeforeStamp = char.isDigit(text.charCodeAt(next)) && readStamp(text, next, scan.reference, scan.stamp)
  return isBeforeStamp || isBeforeLevel(scan, close + 1) ? close + 1 : -1
}

/** Brackets may stand in brackets: `[QuorumPeer[myid=1]/0:0]`. */
function closing(text: string, open: number, limit: number): number {
  const first = text.indexOf(']', open)
  const nested = text.indexOf('[', open + 1)
  if (nested < 0 || nested > first) return first < limit ? first : -1
  let depth = 0
  for (let index = open; index < limit; index++) {
    const code = text.charCodeAt(index)
    if (code === char.openBracket) depth++
    else if (code === char.closeBracket && --depth === 0) return index
  }
  return -1
}

/** `[stamp]`, `[stamp: LEVEL/process]`, `[stamp LEVEL name]`, `[W stamp name]`, and the kernel's `[ 12.345678]`. */
function peelStamped(scan: Scan, from: number, end: number): boolean {
  const { text } = scan
  if (isUptime(text, from, end)) {
    scan.hasStamp = true
    return true
  }
  const isLettered = char.isUpper(text.charCodeAt(from)) && text.charCodeAt(from + 1) === char.space
  const stampAt = isLettered ? from + 2 : from
  if (!readStamp(text, stampAt, scan.reference, scan.stamp) || scan.stamp.end > end) return false
  if (isLettered) scan.level = letterLevel(text.charCodeAt(from))
  takeRest(scan, takeStamp(scan), end)
  return true
}

function takeRest(scan: Scan, stampEnd: number, end: number): void {
  const { text } = scan
  const mark = text.charCodeAt(stampEnd)
  let next = char.skipBlanks(text, mark === char.colon || mark === char.comma ? stampEnd + 1 : stampEnd, end)
  const known = scan.level === null && next < end ? levelWord(text, next) : null
  if (known !== null) {
    scan.level = known.level
    next = char.skipBlanks(text, next + known.word.length, end)
  }
  if (next < end && char.isLetter(text.charCodeAt(next)) && char.wordEnd(text, next, end) === end)
    scan.component = text.slice(next, end)
}

/** Seconds since the start of the machine, which tell no time. */
function isUptime(text: string, from: number, end: number): boolean {
  const dotAt = char.digitsEnd(text, from, end)
  return (
    dotAt > from &&
    text.charCodeAt(dotAt) === char.dot &&
    dotAt + 7 === end &&
    char.digitsEnd(text, dotAt + 1, end) === end
  )
}

/** `[ERROR]`, `[Note]`, `[core:error]`, `[error/process]`. */
function peelBracketedLevel(scan: Scan, from: number, end: number): boolean {
  const { text } = scan
  const known = levelWord(text, from)
  if (known !== null) {
    const after = from + known.word.length
    if (after !== end && text.charCodeAt(after) !== char.slash) return false
    scan.level = known.level
    return true
  }
  const colonAt = text.lastIndexOf(':', end)
  if (colonAt < from || !scan.hasStamp) return false
  const marked = levelWord(text, colonAt + 1)
  if (marked === null || colonAt + 1 + marked.word.length !== end) return false
  scan.level = marked.level
  if (colonAt > from) scan.component = text.slice(from, colonAt)
  return true
}

/** What is a field of the header by its own looks. */
function isFieldOf(scan: Scan, from: number, end: number): boolean {
  const { text } = scan
  const isNumbered = char.isDigit(text.charCodeAt(end - 1))
  if (isNumbered && isPlaceOrCode(scan, from, end)) return true
  if (!scan.hasLogger && scan.names < namesMax && end - from >= 2 && isName(text, from, end)) {
    scan.names++
    takeName(scan, from, end, isNumbered)
    return true
  }
  if (isRequestId(text, from, end) && (scan.level === null || end - from >= 8 || text.charCodeAt(from) === char.dash))
    return true
  if (scan.level === null && isPid(text, from, end)) return true
  return fieldStarts.some((start) => text.startsWith(start, from))
}

const fieldStarts = ['client ', 'pid ', 'tid ', 'remote ']

function isPid(text: string, from: number, end: number): boolean {
  for (let index = from; index < end; index++) {
    const code = text.charCodeAt(index)
    if (!char.isDigit(code) && code !== char.dash && code !== char.colon && code !== char.hash) return false
  }
  return end > from
}

/** `[…:Listener@493]`, `[Foo.java:12]`, and MySQL's `[MY-010116]`. */
function isPlaceOrCode(scan: Scan, from: number, end: number): boolean {
  const { text } = scan
  let stop = end
  while (stop > from && char.isDigit(text.charCodeAt(stop - 1))) stop--
  if (stop === end || stop - from < 2) return false
  const mark = text.charCodeAt(stop - 1)
  if (mark === char.dash) return end - stop === 6 && stop === from + 3 && isShouted(text, from)
  if (mark !== char.at && !(mark === char.colon && text.slice(from, stop).includes('.') && isName(text, from, end)))
    return false
  const nameAt = Math.max(text.lastIndexOf(':', stop - 2) + 1, from)
  if (char.isLetter(text.charCodeAt(nameAt))) scan.component = text.slice(nameAt, stop - 1)
  scan.names++
  return true
}

/** Words in capitals stay: `[TERM] received` tells of a signal. */
function isName(text: string, from: number, end: number): boolean {
  if (!char.isLetter(text.charCodeAt(from)) || isShouted(text, from)) return false
  for (let index = from; index < end; index++) {
    const code = text.charCodeAt(index)
    const isJoint =
      code === char.dot || code === char.dash || code === char.slash || code === char.colon || code === char.hash
    if (!char.isNameChar(code) && !isJoint) return false
  }
  return true
}

/** Threads are numbered or called main; another name is what speaks. */
function takeName(scan: Scan, from: number, end: number, isNumbered: boolean): void {
  const { text } = scan
  if (scan.component !== null || isNumbered || (end - from === 4 && text.startsWith('main', from))) return
  for (let index = from; index < end; index++) if (char.isDigit(text.charCodeAt(index))) return
  scan.component = text.slice(from, end)
}

/** A field of any content is of the header where another part of it follows. */
function peelFollowed(scan: Scan, from: number, end: number, after: number): number {
  const { text } = scan
  const next = char.skipBlanks(text, after, scan.end)
  const mark = text.charCodeAt(next)
  const isMark = (mark === char.dash || mark === char.colon) && char.isBlank(text.charCodeAt(next + 1))
  if (isMark || isBeforeLevel(scan, after) || isBeforeDashes(text, next, scan.end)) {
    scan.names++
    return after
  }
  if (scan.level === null || !char.isLetter(mark)) return -1
  scan.names++
  const loggerEnd = end > from ? peelLogger(scan, next) : -1
  if (loggerEnd < 0) scan.names--
  return loggerEnd
}

/** Spring: `[app,trace,span] 1234 --- `. */
function isBeforeDashes(text: string, from: number, limit: number): boolean {
  const end = char.digitsEnd(text, from, limit)
  return end > from && text.startsWith(' --- ', end)
}

function isBeforeLevel(scan: Scan, after: number): boolean {
  const { text } = scan
  if (scan.level !== null) return false
  const next = char.skipBlanks(text, after, scan.end)
  const isBracketed = text.charCodeAt(next) === char.openBracket
  const known = levelWord(text, isBracketed ? next + 1 : next)
  if (known === null) return false
  const mark = text.charCodeAt(next + known.word.length + (isBracketed ? 1 : 0))
  return isBracketed ? mark === char.closeBracket : isShouted(text, next) && !known.isAmbiguous && char.isBlank(mark)
}
