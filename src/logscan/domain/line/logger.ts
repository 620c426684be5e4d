import * as char from './char-codes.ts'
import { isShouted, levelWord } from './level-word.ts'
import { isFault, readName } from './name-shape.ts'
import { done, type Scan } from './scan.ts'

/**
 * The logger's name after the level: `dfs.DataNode$PacketResponder: `, `c.e.Foo   : `, `o.a.Foo - `, `nova.manager [req-1]`.
 * Before a colon it must look like a class (a joint and a capital, or a capital inside), for "open failed: x" and
 * "java.io.IOException: x" are messages.
 */
export function peelLogger(scan: Scan, from: number): number {
  const { text } = scan
  if (scan.hasLogger || (scan.level === null && scan.names === 0)) return -1
  readName(text, from, scan.end, scan.name)
  const { end } = scan.name
  if (end - from < 2) return -1
  const after = text.charCodeAt(end)
  if (after === char.colon) return peelBeforeColon(scan, from, end)
  if (!char.isBlank(after)) return -1
  const next = char.skipBlanks(text, end, scan.end)
  const mark = text.charCodeAt(next)
  if (mark === char.colon || mark === char.dash) return peelBeforeMark(scan, from, end, next)
  if (mark === char.openBracket) return peelBeforeBracket(scan, from, end, next)
  if (isField(scan, from, end)) return take(scan, from, end)
  return isTomcatMethod(scan, end) ? done(scan, take(scan, from, end)) : -1
}

/** Takes the name, without the number of its line. */
function take(scan: Scan, from: number, end: number): number {
  scan.hasLogger = true
  scan.component = scan.text.slice(from, placeEnd(scan.text, from, end))
  return end
}

/** `main.go:12: `, `file.cc:12] `, `production.ERROR: `: what may stand in the level's place, or carry it. */
export function peelPlace(scan: Scan, from: number, wordEnd: number): number {
  const { text } = scan
  const last = text.charCodeAt(wordEnd - 1)
  if (last !== char.colon && last !== char.closeBracket) return -1
  const end = wordEnd - 1
  const nameStop = placeEnd(text, from, end)
  if (nameStop < end) {
    if (text.slice(from, nameStop).lastIndexOf('.') <= 0) return -1
    take(scan, from, end)
    return done(scan, wordEnd)
  }
  const dotAt = text.lastIndexOf('.', end)
  if (last !== char.colon || dotAt <= from || !isShouted(text, dotAt + 1)) return -1
  const known = levelWord(text, dotAt + 1)
  if (known === null || dotAt + 1 + known.word.length !== end) return -1
  scan.level = known.level
  scan.component = text.slice(from, dotAt)
  return done(scan, wordEnd)
}

/** Where the name ends that `:12` or `@12` follows; `end` if there is no such number. */
function placeEnd(text: string, from: number, end: number): number {
  let stop = end
  while (stop > from && char.isDigit(text.charCodeAt(stop - 1))) stop--
  const mark = text.charCodeAt(stop - 1)
  return stop < end && stop > from + 1 && (mark === char.colon || mark === char.at) ? stop - 1 : end
}

function peelBeforeColon(scan: Scan, from: number, end: number): number {
  const { text } = scan
  const after = text.charCodeAt(end + 1)
  if (!Number.isNaN(after) && !char.isBlank(after)) return -1
  const isAfterDashes = text.charCodeAt(from - 2) === char.dash && text.charCodeAt(from - 3) === char.dash
  if (!isAfterDashes && !isClass(scan, from, end)) return -1
  take(scan, from, end)
  return done(scan, end + 1)
}

function peelBeforeMark(scan: Scan, from: number, end: number, markAt: number): number {
  const { text } = scan
  let next = markAt + 1
  while (text.charCodeAt(next) === char.dash && next < markAt + 3) next++
  if (next < text.length && !char.isBlank(text.charCodeAt(next))) return -1
  // An address of mail has a dot, too.
  const atAt = text.indexOf('@', from)
  if (atAt >= 0 && atAt < end && placeEnd(text, from, end) === end) return -1
  const isPadded = markAt > end + 1
  const isPlain = !isClass(scan, from, end) && scan.name.joints === 0 && placeEnd(text, from, end) === end
  if (isPlain && scan.names === 0 && !isPadded) return -1
  take(scan, from, end)
  return done(scan, next)
}

/** The bracket must end the header itself: a request's id, or `[thread] - `. */
function peelBeforeBracket(scan: Scan, from: number, end: number, open: number): number {
  const { text } = scan
  if (scan.name.joints === 0) return -1
  const close = text.indexOf(']', open)
  if (close < 0 || close > scan.end) return -1
  const next = char.skipBlanks(text, close + 1, scan.end)
  const isBeforeDash = text.charCodeAt(next) === char.dash && char.isBlank(text.charCodeAt(next + 1))
  return isBeforeDash || isRequestId(text, open + 1, close) ? take(scan, from, end) : -1
}

/** A column of its own: between tabs, or a short word in capitals that more than one blank surrounds. */
function isField(scan: Scan, from: number, end: number): boolean {
  const { text } = scan
  const isApart = char.isBlank(text.charCodeAt(end + 1)) || text.charCodeAt(end) === char.tab
  if (!scan.hasStamp || !isApart) return false
  if (text.charCodeAt(from - 1) === char.tab && text.charCodeAt(end) === char.tab) return true
  const isColumn = text.charCodeAt(from - 2) === char.space && text.charCodeAt(end + 1) === char.space
  return isColumn && end - from <= 16 && isShouted(text, from)
}

/** Tomcat: `[main] org.apache.catalina.startup.Catalina.start Server startup`. */
function isTomcatMethod(scan: Scan, end: number): boolean {
  if (scan.names === 0 || !scan.hasStamp) return false
  const { joints, hasCapital } = scan.name
  const methodAt = scan.text.lastIndexOf('.', end - 1) + 1
  return joints >= 3 && hasCapital && !char.isUpper(scan.text.charCodeAt(methodAt))
}

function isClass(scan: Scan, from: number, end: number): boolean {
  const { text } = scan
  const { joints, hasCapital, isCamel } = scan.name
  if (isFault(text, end)) return false
  if (placeEnd(text, from, end) < end) return joints > 0
  return joints > 0 ? hasCapital || scan.names > 0 : isCamel && scan.hasStamp
}

/** `req-…`, hexadecimal numbers and uuids, and `-` for none; several of them with blanks or commas between. */
export function isRequestId(text: string, from: number, end: number): boolean {
  if (text.startsWith('req-', from)) return true
  let digits = 0
  let dashes = 0
  for (let index = from; index < end; index++) {
    const code = text.charCodeAt(index)
    if (char.isDigit(code)) digits++
    else if (code === char.dash) dashes++
    else if (code !== char.space && code !== char.comma && !((code | 32) >= 97 && (code | 32) <= 102)) return false
  }
  return digits > 0 ? end - from >= 8 : dashes > 0
}
