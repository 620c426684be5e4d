import * as char from './char-codes.ts'
import type { Scan } from './scan.ts'
import { readStamp } from './stamp.ts'

/**
 * A line of an access log, as nginx and Apache write it: `address - user [02/Jan/2026:15:04:05 +0000] "GET / HTTP/1.1" 200 …`.
 * The message is the request and its status; addresses, sizes and user agents are not of it. Null for other lines.
 */
export function readAccess(scan: Scan, from: number): string | null {
  const { text } = scan
  const open = stampBracket(scan, from)
  if (open < 0) return null
  if (!readStamp(text, open + 1, scan.reference, scan.stamp)) return null
  const close = scan.stamp.end
  if (!text.startsWith('] "', close)) return null
  const requestAt = close + 3
  const requestEnd = closingQuote(text, requestAt)
  const statusAt = requestEnd + 2
  if (requestEnd < 0 || char.digitsEnd(text, statusAt, statusAt + 4) !== statusAt + 3) return null
  scan.hasStamp = true
  scan.time = scan.stamp.time
  const status = char.numberAt(text, statusAt, statusAt + 3)
  scan.level = status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info'
  return `${text.slice(requestAt, requestEnd)} ${text.slice(statusAt, statusAt + 3)}`
}

/** The bracket before `02/Jan`, after a blank. */
function stampBracket({ text, end }: Scan, from: number): number {
  const open = (text.length > end ? text.slice(0, end) : text).indexOf('[', from)
  if (open <= from || text.charCodeAt(open - 1) !== char.space) return -1
  return text.charCodeAt(open + 3) === char.slash && text.charCodeAt(open + 7) === char.slash ? open : -1
}

/** Apache and nginx put a backslash before quotes in the request. */
function closingQuote(text: string, from: number): number {
  let next = text.indexOf('"', from)
  while (next > from && text.charCodeAt(next - 1) === char.backslash) next = text.indexOf('"', next + 1)
  return next
}
