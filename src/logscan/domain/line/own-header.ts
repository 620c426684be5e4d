import * as char from './char-codes.ts'
import { isShouted, letterLevel, levelWord } from './level-word.ts'
import { readStamp } from './stamp.ts'
import { emptyStamp } from './stamp-time.ts'

// Which year a stamp means is of no interest here; the stamp is scratch space that nobody reads.
const anyYear = { year: 2001, latest: Number.POSITIVE_INFINITY }
const scratch = emptyStamp()

/** The line begins with a stamp or a level of its own, or is structured: it begins an event, and never continues one. */
export function hasOwnHeader(line: string, from: number): boolean {
  const first = line.charCodeAt(from)
  if (char.isDigit(first)) return readStamp(line, from, anyYear, scratch)
  if (char.isLetter(first)) return isWordOfHeader(line, from, first)
  if (first === char.openBracket) return isHeaderInBracket(line, from + 1)
  if (first === openBrace) return line.charCodeAt(from + 1) === char.quote
  return first === lessThan && char.isDigit(line.charCodeAt(from + 1)) && line.indexOf('>', from) <= from + 4
}

const openBrace = 123
const lessThan = 60

function isWordOfHeader(line: string, from: number, first: number): boolean {
  const known = levelWord(line, from)
  if (known !== null) {
    const after = line.charCodeAt(from + known.word.length)
    // `Error: x` and `Error` begin traces.
    const isLoud = isShouted(line, from)
    if (after === char.colon) return isLoud || (!known.isAmbiguous && !char.isUpper(first))
    if (after === char.equals) return true
    return isLoud && !known.isAmbiguous && (char.isBlank(after) || after === char.openBracket || Number.isNaN(after))
  }
  if (!char.isUpper(first))
    return line.startsWith('time=', from) || line.startsWith('ts=', from) || line.startsWith('level=', from)
  const isKlog = char.digitsEnd(line, from + 1, from + 6) === from + 5 && line.charCodeAt(from + 5) === char.space
  return (isKlog && letterLevel(first) !== null) || readStamp(line, from, anyYear, scratch)
}

function isHeaderInBracket(line: string, inside: number): boolean {
  const from = char.skipBlanks(line, inside, inside + 16)
  if (char.isDigit(line.charCodeAt(from))) return readStamp(line, from, anyYear, scratch) || isUptime(line, from)
  const known = levelWord(line, from)
  if (known !== null) return line.charCodeAt(from + known.word.length) === char.closeBracket
  return readStamp(line, from, anyYear, scratch)
}

function isUptime(line: string, from: number): boolean {
  const dotAt = char.digitsEnd(line, from, from + 12)
  return line.charCodeAt(dotAt) === char.dot && line.charCodeAt(dotAt + 7) === char.closeBracket
}
