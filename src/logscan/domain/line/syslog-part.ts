import * as char from './char-codes.ts'
import { done, type Scan } from './scan.ts'

const tagMax = 96
const tagWordsMax = 4

/** `host tag[pid]: ` after the stamp of RFC 3164; the host may be missing. What follows is the message, whatever it is. */
export function peelSyslog(scan: Scan, from: number): number {
  const { text } = scan
  const hostEnd = char.wordEnd(text, from, scan.end)
  scan.wrapper = 'syslog'
  if (text.charCodeAt(hostEnd - 1) === char.colon) return peelTag(scan, from, true)
  if (hostEnd === scan.end) return done(scan, from)
  scan.host = text.slice(from, hostEnd)
  const tagAt = char.skipBlanks(text, hostEnd, scan.end)
  return peelTag(scan, tagAt, true)
}

/**
 * The same after an ISO stamp, as journald and rsyslog write it. Programs write such stamps too, so the tag must have a
 * number in brackets; without one, stamp and host must look like syslog's, or the tag be one that only it has.
 */
export function peelHostAndTag(scan: Scan, from: number): number {
  const { text } = scan
  const hostEnd = char.wordEnd(text, from, scan.end)
  if (text.charCodeAt(hostEnd - 2) === char.closeBracket && text.charCodeAt(hostEnd - 1) === char.colon)
    return peelTag(scan, from, false)
  if (hostEnd === scan.end || !isHost(text, from, hostEnd)) return -1
  const tagAt = char.skipBlanks(text, hostEnd, scan.end)
  const tagEnd = char.wordEnd(text, tagAt, scan.end)
  if (text.charCodeAt(tagEnd - 1) !== char.colon || tagEnd - tagAt < 3) return -1
  const hasNumber = text.charCodeAt(tagEnd - 2) === char.closeBracket
  const isSystem = text.startsWith('kernel:', tagAt) || text.startsWith('systemd:', tagAt)
  const isTrusted = scan.stamp.style === 'offset' && (isSystem || isNumbered(text, from, hostEnd))
  if (!hasNumber && !isTrusted) return -1
  const after = peelTag(scan, tagAt, false)
  if (after >= 0) scan.host = text.slice(from, hostEnd)
  return after
}

/** `tag[12]: `, `tag: `, `two words[12]: `, `tag[12] (domain): `. */
function peelTag(scan: Scan, from: number, isCertain: boolean): number {
  const { text } = scan
  const start = text.startsWith('-- ', from) ? from + 3 : from
  const limit = Math.min(scan.end, start + tagMax)
  let words = 1
  for (let index = start; index < limit; index++) {
    const code = text.charCodeAt(index)
    if (code === char.openBracket && index > start) return peelNumberedTag(scan, from, start, index, isCertain)
    if (code === char.colon && isEndOfWord(text, index + 1)) {
      const isTag = index > start && (words === 1 || (words === 2 && hasVersion(text, start, index)))
      return isTag ? takeTag(scan, start, index, index + 1) : noTag(scan, from, isCertain)
    }
    if (char.isBlank(code) && ++words > tagWordsMax) break
  }
  return noTag(scan, from, isCertain)
}

function peelNumberedTag(scan: Scan, from: number, start: number, open: number, isCertain: boolean): number {
  const { text } = scan
  let close = open + 1
  while (close < scan.end && !char.isBlank(text.charCodeAt(close)) && text.charCodeAt(close) !== char.closeBracket)
    close++
  if (close === open + 1 || text.charCodeAt(close) !== char.closeBracket) return noTag(scan, from, isCertain)
  const after = close + 1
  if (text.charCodeAt(after) === char.colon) return takeTag(scan, start, open, after + 1)
  // macOS tells the domain in parentheses.
  const parenEnd = text.startsWith(' (', after) ? text.indexOf('):', after) : -1
  if (parenEnd > 0 && parenEnd - after < tagMax) return takeTag(scan, start, open, parenEnd + 2)
  return noTag(scan, from, isCertain)
}

function takeTag(scan: Scan, from: number, end: number, next: number): number {
  const { text } = scan
  scan.component = text.slice(from, end)
  scan.wrapper = 'syslog'
  const messageAt = char.skipBlanks(text, next, scan.end)
  return done(scan, text.startsWith('kernel', from) ? uptimeEnd(text, messageAt, scan.end) : messageAt)
}

function noTag(scan: Scan, from: number, isCertain: boolean): number {
  return isCertain ? done(scan, from) : -1
}

/** The kernel's `[ 12.345678] ` comes between tag and message. */
function uptimeEnd(text: string, from: number, limit: number): number {
  if (text.charCodeAt(from) !== char.openBracket) return from
  const dotAt = char.digitsEnd(text, char.skipBlanks(text, from + 1, limit), limit)
  const end = char.digitsEnd(text, dotAt + 1, limit)
  const isUptime =
    text.charCodeAt(dotAt) === char.dot && end === dotAt + 7 && text.charCodeAt(end) === char.closeBracket
  return isUptime ? char.skipBlanks(text, end + 1, limit) : from
}

function isEndOfWord(text: string, at: number): boolean {
  return at >= text.length || char.isBlank(text.charCodeAt(at))
}

/** `syslogd 1.4.1`. */
function hasVersion(text: string, from: number, end: number): boolean {
  const blank = text.indexOf(' ', from)
  return blank < end && char.isDigit(text.charCodeAt(blank + 1))
}

function isHost(text: string, from: number, end: number): boolean {
  for (let index = from; index < end; index++) {
    const code = text.charCodeAt(index)
    if (!char.isNameChar(code) && code !== char.dot && code !== char.dash) return false
  }
  return true
}

function isNumbered(text: string, from: number, end: number): boolean {
  for (let index = from; index < end; index++) {
    const code = text.charCodeAt(index)
    if (char.isDigit(code) || code === char.dot || code === char.dash) return true
  }
  return false
}
