import { kind, kindOf } from './char-kinds.ts'

const units = new Set(
  [
    'b byte bytes bit bits kb mb gb tb pb kib mib gib tib k m g kbps mbps gbps bps hz khz mhz ghz',
    'ns us ms s sec secs second seconds min mins minute minutes h hr hrs hour hours d day days week weeks year years',
    'nanosecond nanoseconds microsecond microseconds millis millisecond milliseconds msec msecs usec usecs',
  ]
    .join(' ')
    .split(' '),
)
const unitMaxChars = 12
const initials = new Uint8Array(128)
for (const unit of units) initials[unit.charCodeAt(0)] = initials[unit.toUpperCase().charCodeAt(0)] = 1

/** Where the unit that follows a number ends (`3 MB`, `250 milliseconds`), or `at` where none follows. */
export function unitEnd(text: string, at: number, end: number): number {
  if (at + 1 >= end || text.charCodeAt(at) !== 32 || initials[text.charCodeAt(at + 1)] !== 1) return at
  const limit = Math.min(end, at + unitMaxChars + 2)
  let to = at + 1
  while (to < limit && (kindOf(text.charCodeAt(to)) & kind.letter) !== 0) to++
  if (to === at + 1 || to === at + unitMaxChars + 2) return at
  if (to < end && (kindOf(text.charCodeAt(to)) & (kind.digit | kind.slash)) !== 0) return at
  return units.has(text.slice(at + 1, to).toLowerCase()) ? to : at
}

const months = new Set('Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' '))
const weekdays = new Set('Mon Tue Wed Thu Fri Sat Sun'.split(' '))
const clockWords = /^(?:[AaPp][Mm]|UTC|GMT|[A-Z]{1,3}[SD]?T)$/

/** Whether the word is part of a date or time in words: `Fri Jun 17 07:07:00 2005`, `09:04:50 EDT 2004`, `7:30 PM`. */
export function isDateWord(text: string, from: number, to: number, afterValue: boolean, end: number): boolean {
  const first = text.charCodeAt(from)
  if (first < 65 || first > (afterValue ? 112 : 90)) return false
  const word = text.slice(from, to)
  if (to - from === 3) {
    const next = nextWord(text, to, end)
    if (months.has(word)) return startsWithDigit(text, next, end)
    if (weekdays.has(word)) return startsWithDigit(text, next, end) || months.has(text.slice(next, next + 3))
  }
  return afterValue && clockWords.test(word)
}

const gapMaxChars = 4

function nextWord(text: string, at: number, end: number): number {
  const limit = Math.min(end, at + gapMaxChars)
  let to = at
  while (to < limit && (text.charCodeAt(to) === 32 || text.charCodeAt(to) === 44)) to++
  return to
}

function startsWithDigit(text: string, at: number, end: number): boolean {
  return at < end && kindOf(text.charCodeAt(at)) === kind.digit
}

const addressMaxChars = 64
const colon = 58

/** Where a MAC or IPv6 address that begins at `from` ends, or -1: its groups of hexadecimal digits may hold no digit. */
export function colonHexEnd(text: string, from: number, end: number): number {
  let groups = 0
  let doubled = false
  let at = from
  let accepted = -1
  const limit = Math.min(end, from + addressMaxChars)
  while (at < limit) {
    const start = at
    while (at < limit && isHex(text.charCodeAt(at))) at++
    if (at - start > 4 || (at < end && (kindOf(text.charCodeAt(at)) & kind.beyondHex) !== 0)) break
    if (at > start) groups++
    else if (at > from && text.charCodeAt(at - 1) !== colon) break
    accepted = at
    if (at >= limit || text.charCodeAt(at) !== colon) break
    if (at + 1 < limit && text.charCodeAt(at + 1) === colon) doubled = true
    at++
    if (doubled && text.charCodeAt(at) === colon) at++
  }
  // `::1` and `::ffff:10.0.0.1` begin with the colons; elsewhere two words and colons may be a name in code.
  const needed = !doubled ? 6 : text.charCodeAt(from) === colon ? 1 : 3
  return groups >= needed && /\d/.test(text.slice(from, accepted)) ? accepted : -1
}

function isHex(code: number): boolean {
  return (kindOf(code) & (kind.letter | kind.beyondHex)) === kind.letter || kindOf(code) === kind.digit
}
