import { instantOrNull, instantWithoutYear } from './calendar.ts'
import * as char from './char-codes.ts'
import { readClock } from './clock.ts'
import { letterLevel, syslogLevel } from './level-word.ts'
import { peelPlace } from './logger.ts'
import { done, type Scan, takeStamp } from './scan.ts'
import { readStamp } from './stamp.ts'

/**
 * Layouts whose first characters tell which they are. Gives where the rest of the header begins, or the message if the
 * scan is done; -1 if the line has none of these layouts.
 */
export function peelOwnLayout(scan: Scan, from: number): number {
  const { text } = scan
  const first = text.charCodeAt(from)
  if (first === lessThan) return peelPriority(scan, from)
  if (!char.isUpper(first)) return -1
  const second = text.charCodeAt(from + 1)
  if (char.isDigit(second)) return peelKlog(scan, from)
  if (second === char.slash) return peelLogcatBrief(scan, from)
  // Ruby's Logger: `E, [stamp #pid] ERROR -- name: message`.
  return second === char.comma && text.startsWith(' [', from + 2) ? from + 3 : -1
}

const lessThan = 60
const greaterThan = 62
const openParen = 40

/** `<34>`; with `<34>1 ` it is RFC 5424. */
function peelPriority(scan: Scan, from: number): number {
  const { text } = scan
  const end = char.digitsEnd(text, from + 1, from + 5)
  if (end === from + 1 || text.charCodeAt(end) !== greaterThan) return -1
  const priority = char.numberAt(text, from + 1, end)
  if (priority > 191) return -1
  scan.level = syslogLevel(priority & 7)
  if (!text.startsWith('1 ', end + 1)) return end + 1
  return peelRfc5424(scan, end + 3)
}

/** `stamp host app pid id [data]… message`, `-` for what is not known. */
function peelRfc5424(scan: Scan, from: number): number {
  const { text } = scan
  let next = from
  if (readStamp(text, from, scan.reference, scan.stamp)) next = takeStamp(scan)
  else if (text.charCodeAt(from) === char.dash) next = from + 1
  else return done(scan, from)
  for (let field = 0; field < 4; field++) {
    const start = next + 1
    next = char.wordEnd(text, start, scan.end)
    if (text.charCodeAt(start) === char.dash && next === start + 1) continue
    if (field === 0) scan.host = text.slice(start, next)
    if (field === 1) scan.component = text.slice(start, next)
  }
  next = dataEnd(text, next + 1, scan.end)
  scan.wrapper = 'syslog'
  // The byte order mark is not of the message.
  const messageAt = char.skipBlanks(text, next, text.length)
  return done(scan, text.charCodeAt(messageAt) === 0xfeff ? messageAt + 1 : messageAt)
}

/** Structured data: `-`, or brackets in whose quoted values a bracket may stand. */
function dataEnd(text: string, from: number, limit: number): number {
  if (text.charCodeAt(from) === char.dash) return from + 1
  let isQuoted = false
  for (let index = from; index < limit; index++) {
    const code = text.charCodeAt(index)
    if (code === char.backslash) index++
    else if (code === char.quote) isQuoted = !isQuoted
    else if (code === char.closeBracket && !isQuoted && text.charCodeAt(index + 1) !== char.openBracket)
      return index + 1
    else if (index === from && code !== char.openBracket) return from
  }
  return from
}

/** `E0102 15:04:05.123456   1234 file.go:12] message`; `E20260102` in newer glog. */
function peelKlog(scan: Scan, from: number): number {
  const { text, stamp } = scan
  const dateEnd = char.digitsEnd(text, from + 1, from + 10)
  const level = letterLevel(text.charCodeAt(from))
  if (level === null || text.charCodeAt(dateEnd) !== char.space) return -1
  if (dateEnd === from + 5) {
    if (!readClock(text, dateEnd + 1, stamp) || !stamp.hasSeconds) return -1
    const month = char.twoDigits(text, from + 1)
    stamp.time = instantWithoutYear(month, char.twoDigits(text, from + 3), stamp.ms, scan.reference)
    if (Number.isNaN(stamp.time)) return -1
  } else if (dateEnd !== from + 9 || !readStamp(text, from + 1, scan.reference, stamp)) return -1
  const pidAt = char.skipBlanks(text, stamp.end, scan.end)
  const placeAt = char.skipBlanks(text, char.digitsEnd(text, pidAt, scan.end), scan.end)
  const placeEnd = char.wordEnd(text, placeAt, scan.end)
  if (text.charCodeAt(placeEnd - 1) !== char.closeBracket || peelPlace(scan, placeAt, placeEnd) < 0) return -1
  scan.level = level
  scan.hasStamp = true
  scan.time = instantOrNull(stamp.time)
  return placeEnd
}

/** `E/Tag( 1234): message` */
function peelLogcatBrief(scan: Scan, from: number): number {
  const { text } = scan
  const level = letterLevel(text.charCodeAt(from))
  const open = text.indexOf('(', from + 2)
  if (level === null || open < 0 || open > from + 64 || text.charCodeAt(open) !== openParen) return -1
  const digits = char.skipBlanks(text, open + 1, scan.end)
  const close = char.digitsEnd(text, digits, scan.end)
  if (close === digits || !text.startsWith('):', close)) return -1
  scan.level = level
  scan.component = text.slice(from + 2, open).trim()
  return done(scan, close + 2)
}
