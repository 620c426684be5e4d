import {
  colon,
  comma,
  dash,
  dot,
  isBlank,
  isDigit,
  isLetter,
  isUpper,
  numberAt,
  pack,
  space,
  threeLetters,
  twoDigits,
} from './char-codes.ts'

/** A time of day that was read, written over by each reading: no object is made for a line. */
export interface Clock {
  ms: number
  end: number
  hasSeconds: boolean
}

const plus = 43
const minuteMs = 60_000

/** `15:04`, `15:04:05`, `5.04.05`, with a fraction after a dot, comma or (three digits) colon, and AM or PM. */
export function readClock(text: string, from: number, clock: Clock): boolean {
  if (readFullClock(text, from, clock)) return true
  const hourEnd = isDigit(text.charCodeAt(from + 1)) ? from + 2 : from + 1
  const hour = hourEnd === from + 2 ? twoDigits(text, from) : text.charCodeAt(from) - 48
  const separator = text.charCodeAt(hourEnd)
  if (!(hour >= 0 && hour <= 23) || (separator !== colon && separator !== dot)) return false
  const minuteEnd = numberEnd(text, hourEnd + 1, 59)
  if (minuteEnd < 0) return false
  clock.ms = (hour * 60 + numberAt(text, hourEnd + 1, minuteEnd)) * minuteMs
  clock.end = minuteEnd
  const hasMore = text.charCodeAt(minuteEnd) === separator && isDigit(text.charCodeAt(minuteEnd + 1))
  const secondEnd = hasMore ? numberEnd(text, minuteEnd + 1, 60) : -1
  if (hasMore && secondEnd < 0) return false
  clock.hasSeconds = secondEnd > 0
  if (secondEnd > 0) {
    clock.ms += numberAt(text, minuteEnd + 1, secondEnd) * 1000
    clock.end = secondEnd
    readFraction(text, secondEnd, clock)
  }
  return hour > 12 || readHalf(text, hour, clock)
}

/** The usual spelling, `15:04:05` of one length, which has a fast way. Hours before 13 may be followed by AM and PM. */
function readFullClock(text: string, from: number, clock: Clock): boolean {
  if (text.charCodeAt(from + 2) !== colon || text.charCodeAt(from + 5) !== colon) return false
  const hour = twoDigits(text, from)
  const minute = twoDigits(text, from + 3)
  const second = twoDigits(text, from + 6)
  const end = from + 8
  const after = text.charCodeAt(end)
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || isDigit(after)) return false
  clock.ms = ((hour * 60 + minute) * 60 + second) * 1000
  clock.end = end
  clock.hasSeconds = true
  if (after === dot || after === comma || after === colon) readFraction(text, end, clock)
  return hour > 12 || readHalf(text, hour, clock)
}

/** Where one or two digits end, -1 for more of them or a larger number; 60 is the leap second. */
function numberEnd(text: string, from: number, max: number): number {
  if (!isDigit(text.charCodeAt(from))) return -1
  const end = isDigit(text.charCodeAt(from + 1)) ? from + 2 : from + 1
  return numberAt(text, from, end) <= max && !isDigit(text.charCodeAt(end)) ? end : -1
}

function readFraction(text: string, from: number, clock: Clock): void {
  const mark = text.charCodeAt(from)
  if ((mark !== dot && mark !== comma && mark !== colon) || !isDigit(text.charCodeAt(from + 1))) return
  let end = from + 1
  let value = 0
  for (; end < from + 11 && isDigit(text.charCodeAt(end)); end++)
    if (end < from + 4) value = value * 10 + text.charCodeAt(end) - 48
  const digits = end - from - 1
  if (digits > 9 || (mark === colon && digits > 3)) return
  // Health apps write `:7` for 7 ms: after a colon it is a number, not a fraction.
  clock.ms += mark === colon || digits >= 3 ? value : digits === 2 ? value * 10 : value * 100
  clock.end = end
}

/** AM and PM; false for an hour that has none of them, such as `0:10 PM`. */
function readHalf(text: string, hour: number, clock: Clock): boolean {
  const from = text.charCodeAt(clock.end) === space ? clock.end + 1 : clock.end
  const half = text.charCodeAt(from) | 32
  if ((half !== 97 && half !== 112) || (text.charCodeAt(from + 1) | 32) !== 109) return true
  if (isLetter(text.charCodeAt(from + 2)) || isDigit(text.charCodeAt(from + 2))) return true
  if (hour === 0) return false
  clock.ms += ((half === 112 ? 12 : 0) - (hour === 12 ? 12 : 0)) * 60 * minuteMs
  clock.end = from + 2
  return true
}

/** Reads a zone into the clock: its ms become those of UTC. Text that is no zone is left. */
export function readZone(text: string, clock: Clock): void {
  const first = text.charCodeAt(clock.end)
  if (first === 90 || first === 122) clock.end += isLetter(text.charCodeAt(clock.end + 1)) ? 0 : 1
  else if (first === plus || first === dash) readOffset(text, clock.end, clock)
  else if (first === space) {
    const second = text.charCodeAt(clock.end + 1)
    if (second === plus || second === dash) readOffset(text, clock.end + 1, clock)
    else if (isUpper(second)) readZoneName(text, clock.end + 1, clock)
  }
}

function readOffset(text: string, from: number, clock: Clock): void {
  const hours = twoDigits(text, from + 1)
  const minutesAt = text.charCodeAt(from + 3) === colon ? from + 4 : from + 3
  const minutes = twoDigits(text, minutesAt)
  // `+00` alone is PostgreSQL's.
  const isShort = minutes < 0 && !isDigit(text.charCodeAt(from + 3))
  const end = isShort ? from + 3 : minutesAt + 2
  if (hours < 0 || hours > 14 || !(isShort || minutes < 60) || isDigit(text.charCodeAt(end))) return
  const offset = (hours * 60 + (isShort ? 0 : minutes)) * minuteMs
  clock.ms += text.charCodeAt(from) === plus ? -offset : offset
  clock.end = end
}

/** Names as `date` prints them, in hours from UTC. Names of several zones (IST, CST of China) mean the first that is common. */
const zoneHours: Readonly<Record<string, number>> = {
  ...{ UTC: 0, GMT: 0, WET: 0, BST: 1, CET: 1, WEST: 1, CEST: 2, EET: 2, EEST: 3, MSK: 3, IST: 5.5, HKT: 8, JST: 9 },
  ...{ KST: 9, AEST: 10, AEDT: 11, NZST: 12, NZDT: 13, EDT: -4, EST: -5, CDT: -5, CST: -6, MDT: -6, MST: -7, PDT: -7 },
  ...{ PST: -8, AKST: -9, HST: -10 },
}
const zoneByKey = new Map(Object.entries(zoneHours).map(([name, hours]) => [keyOf(name, 0, name.length), hours]))

function readZoneName(text: string, from: number, clock: Clock): void {
  if (threeLetters(text, from) < 0) return
  const end = isUpper(text.charCodeAt(from + 3)) ? from + 4 : from + 3
  const after = text.charCodeAt(end)
  if (!(isBlank(after) || Number.isNaN(after) || after === 93 || after === comma)) return
  const hours = zoneByKey.get(keyOf(text, from, end))
  if (hours === undefined) return
  clock.ms -= hours * 60 * minuteMs
  clock.end = end
}

function keyOf(name: string, from: number, end: number): number {
  const head = pack(name.charCodeAt(from), name.charCodeAt(from + 1), name.charCodeAt(from + 2))
  return end - from === 4 ? (head << 5) | (name.charCodeAt(from + 3) & 31) : head
}
