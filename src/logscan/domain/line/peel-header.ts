import { peelBracket } from './bracket.ts'
import * as char from './char-codes.ts'
import { peelLevel } from './level-part.ts'
import { levelWord } from './level-word.ts'
import { peelLogger } from './logger.ts'
import { peelName } from './name-part.ts'
import { peelNumber } from './number-part.ts'
import { peelPipes } from './pipe-part.ts'
import { done, type Scan, takeStamp } from './scan.ts'
import { readStamp } from './stamp.ts'
import { peelHostAndTag, peelSyslog } from './syslog-part.ts'

/** More parts than any header has. */
const partsMax = 16

/** Peels part after part off the front, as long as what stands there is a part of a header. Gives where the message begins. */
export function peelHeader(scan: Scan, from: number): number {
  let next = char.skipBlanks(scan.text, from, scan.end)
  for (let part = 0; part < partsMax && !scan.isDone; part++) {
    const after = peelPart(scan, next)
    if (after < 0) break
    next = char.skipBlanks(scan.text, after, scan.end)
  }
  return next
}

/** Where the part that begins here ends; -1 for what is no part of a header. */
function peelPart(scan: Scan, from: number): number {
  const first = scan.text.charCodeAt(from)
  if (!scan.hasStamp) {
    const stampEnd = peelStamp(scan, from)
    if (stampEnd >= 0) return stampEnd
  }
  if (char.isLetter(first)) return peelWord(scan, from)
  if (first === char.openBracket) return peelBracket(scan, from)
  const hasStart = scan.hasStamp || scan.level !== null
  if (!hasStart) return -1
  if (char.isDigit(first)) return peelNumber(scan, from)
  if (first === char.dash || first === char.colon) return peelSeparator(scan, from)
  if (first === char.pipe) return peelPipes(scan, from)
  if (first === openParen) return peelParenthesis(scan, from)
  return peelName(scan, from)
}

const openParen = 40

/** The stamp, and what its style tells to come after it; -1 if there is none. */
export function peelStamp(scan: Scan, from: number): number {
  if (!readStamp(scan.text, from, scan.reference, scan.stamp)) return -1
  const end = takeStamp(scan)
  if (scan.stamp.style === 'syslog') return peelSyslog(scan, char.skipBlanks(scan.text, end, scan.end))
  const after = scan.text.charCodeAt(end)
  if (after === char.space && isStream(scan.text, end + 1)) {
    scan.wrapper = 'container'
    return done(scan, end + 10)
  }
  return after === char.comma || after === char.colon ? end + 1 : end
}

/** The container runtime's `stderr F `, and `P` for a part of a line. */
function isStream(text: string, from: number): boolean {
  if (text.charCodeAt(from + 6) !== char.space || text.charCodeAt(from + 8) !== char.space) return false
  return text.startsWith('stderr', from) || text.startsWith('stdout', from)
}

function peelWord(scan: Scan, from: number): number {
  if (scan.level === null) {
    const known = levelWord(scan.text, from)
    const after = known === null ? -1 : peelLevel(scan, from, known)
    if (after >= 0) return after
    if (!scan.hasStamp) return -1
    const tagEnd = peelHostAndTag(scan, from)
    return tagEnd >= 0 ? tagEnd : peelName(scan, from)
  }
  return peelLogger(scan, from)
}

/** ` - `, ` -- `, ` --- ` and ` : `. A single one after the level begins the message. */
function peelSeparator(scan: Scan, from: number): number {
  const { text } = scan
  let end = from + 1
  if (text.charCodeAt(from) === char.dash) while (text.charCodeAt(end) === char.dash && end < from + 3) end++
  if (end < text.length && !char.isBlank(text.charCodeAt(end))) return -1
  return scan.level !== null && end === from + 1 ? done(scan, end) : end
}

/** JBoss: `INFO  [org.jboss.as] (MSC service thread 1-2) started`. */
function peelParenthesis(scan: Scan, from: number): number {
  if (!scan.hasStamp || scan.level === null || scan.names === 0) return -1
  const close = scan.text.indexOf(')', from)
  if (close < 0 || close - from > 64 || !char.isBlank(scan.text.charCodeAt(close + 1))) return -1
  return done(scan, close + 1)
}
