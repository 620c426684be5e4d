import * as char from './char-codes.ts'
import { isShouted, letterLevel, levelWord } from './level-word.ts'
import { peelName } from './name-part.ts'
import { done, type Scan } from './scan.ts'

/** Process and thread numbers. They are a header only before something else of a header: counts begin messages too. */
export function peelNumber(scan: Scan, from: number): number {
  const { text } = scan
  const end = char.digitsEnd(text, from, scan.end)
  const after = text.charCodeAt(end)
  if (after === char.hash) return peelNginxIds(scan, end)
  if (!char.isBlank(after)) return peelName(scan, from)
  const next = char.skipBlanks(text, end, scan.end)
  if (isDashes(text, next)) return next
  if (scan.level !== null) return -1
  if (isLevel(text, next) || isBracketedLevel(text, next)) return next
  const second = char.digitsEnd(text, next, scan.end)
  if (second > next && char.isBlank(text.charCodeAt(second))) return peelThread(scan, second)
  return peelName(scan, from)
}

function peelThread(scan: Scan, end: number): number {
  const next = char.skipBlanks(scan.text, end, scan.end)
  if (isLevel(scan.text, next)) return next
  return peelAndroidTag(scan, next)
}

/** `D Tag: message`, the tag perhaps padded and with blanks inside. */
function peelAndroidTag(scan: Scan, from: number): number {
  const { text } = scan
  const level = char.isUpper(text.charCodeAt(from)) ? letterLevel(text.charCodeAt(from)) : null
  if (level === null || text.charCodeAt(from + 1) !== char.space) return -1
  scan.level = level
  const close = text.indexOf(':', from + 2)
  if (close < 0 || close - from > 64) return done(scan, from + 2)
  scan.component = text.slice(from + 2, close).trim()
  return done(scan, close + 1)
}

function isDashes(text: string, from: number): boolean {
  return text.charCodeAt(from) === char.dash && text.charCodeAt(from + 1) === char.dash
}

function isLevel(text: string, from: number): boolean {
  if (!isShouted(text, from)) return false
  const known = levelWord(text, from)
  if (known === null) return false
  const after = text.charCodeAt(from + known.word.length)
  return char.isBlank(after) ? !known.isAmbiguous : after === char.colon
}

function isBracketedLevel(text: string, from: number): boolean {
  if (text.charCodeAt(from) !== char.openBracket) return false
  const known = levelWord(text, from + 1)
  return known !== null && text.charCodeAt(from + 1 + known.word.length) === char.closeBracket
}

/** nginx: `1234#5678: *90 message`; the number of the connection is of the header as well. */
function peelNginxIds(scan: Scan, hashAt: number): number {
  const { text } = scan
  const end = char.digitsEnd(text, hashAt + 1, scan.end)
  if (end === hashAt + 1 || text.charCodeAt(end) !== char.colon) return -1
  const next = char.skipBlanks(text, end + 1, scan.end)
  if (text.charCodeAt(next) !== 42) return done(scan, next)
  const connectionEnd = char.digitsEnd(text, next + 1, scan.end)
  return done(scan, connectionEnd > next + 1 && text.charCodeAt(connectionEnd) === char.space ? connectionEnd : next)
}
