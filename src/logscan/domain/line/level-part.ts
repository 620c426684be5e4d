import * as char from './char-codes.ts'
import { isShouted, type LevelWord } from './level-word.ts'
import { done, type Scan } from './scan.ts'
import { readStamp } from './stamp.ts'

/**
 * A level as a part of a header. In capitals it may stand alone (`ERROR something failed`); in other letters it needs a
 * colon, a bar, or the padding of a column, because "error" and "info" also are words of messages.
 */
export function peelLevel(scan: Scan, from: number, { word, level, isAmbiguous }: LevelWord): number {
  const { text } = scan
  const end = from + word.length
  const after = text.charCodeAt(end)
  const isLoud = isShouted(text, from)
  if (isAmbiguous && !(isLoud && (after === char.colon || after === char.pipe))) return -1
  if (after === char.colon) return peelLevelColon(scan, from, end, level)
  const isAlone = Number.isNaN(after) || char.isBlank(after) || after === char.comma
  if (after === char.pipe || (isAlone && (isLoud || (scan.hasStamp && isColumn(text, end))))) {
    scan.level = level
    return after === char.comma ? end + 1 : end
  }
  return isLoud && after === char.openBracket ? peelCounter(scan, end, level) : -1
}

/** Followed by more than one blank, or by a separator. */
function isColumn(text: string, end: number): boolean {
  if (text.charCodeAt(end) === char.tab || char.isBlank(text.charCodeAt(end + 1))) return true
  const mark = text.charCodeAt(end + 1)
  return (mark === char.pipe || mark === char.dash) && char.isBlank(text.charCodeAt(end + 2))
}

function peelLevelColon(scan: Scan, from: number, end: number, level: LevelWord['level']): number {
  const { text } = scan
  const after = text.charCodeAt(end + 1)
  const isLoud = isShouted(text, from)
  if (!Number.isNaN(after) && !char.isBlank(after)) return isLoud ? peelPythonName(scan, end, level) : -1
  scan.level = level
  // `Error: x` is the name of an exception too: it tells the level, and stays.
  if (level === 'error' && text.charCodeAt(from) === 69 && !isLoud) return done(scan, from)
  const next = char.skipBlanks(text, end + 1, scan.end)
  // Go's log package puts its prefix before the stamp.
  if (!scan.hasStamp && readStamp(text, next, scan.reference, scan.stamp)) return next
  return done(scan, next)
}

/** Python's `ERROR:name:message`. */
function peelPythonName(scan: Scan, end: number, level: LevelWord['level']): number {
  const { text } = scan
  if (scan.hasStamp) return -1
  let close = end + 1
  while (close < scan.end && (char.isNameChar(text.charCodeAt(close)) || isJoint(text.charCodeAt(close)))) close++
  if (close === end + 1 || text.charCodeAt(close) !== char.colon) return -1
  scan.level = level
  scan.component = text.slice(end + 1, close)
  return done(scan, close + 1)
}

function isJoint(code: number): boolean {
  return code === char.dot || code === char.dash
}

/** logrus: `INFO[0012] message`. */
function peelCounter(scan: Scan, end: number, level: LevelWord['level']): number {
  const close = char.digitsEnd(scan.text, end + 1, scan.end)
  if (close === end + 1 || scan.text.charCodeAt(close) !== char.closeBracket) return -1
  scan.level = level
  return done(scan, close + 1)
}
