import { instant, instantWithoutYear, type Reference } from './calendar.ts'
import * as char from './char-codes.ts'
import { type Clock, readClock, readZone } from './clock.ts'

/** How a stamp is written, as far as it tells what comes after it. */
export type StampStyle = 'syslog' | 'offset' | 'plain'

/** A stamp that was read, written over by each reading. The time is NaN where there is a time of day alone. */
export interface Stamp extends Clock {
  time: number
  style: StampStyle
}

export function emptyStamp(): Stamp {
  return { ms: 0, end: 0, hasSeconds: false, time: Number.NaN, style: 'plain' }
}

/** The time of day after a date, and its zone. */
export function readTimeAfter(text: string, dateEnd: number, stamp: Stamp): boolean {
  let from = dateEnd + 1
  if (!isDateEnd(text.charCodeAt(dateEnd))) return false
  // MariaDB pads the hour with a blank.
  if (text.charCodeAt(from) === char.space) from++
  if (!readClock(text, from, stamp)) return false
  const clockEnd = stamp.end
  readZone(text, stamp)
  if (stamp.end > clockEnd + 1) stamp.style = 'offset'
  return true
}

export function isDateEnd(code: number): boolean {
  return code === 84 || code === char.space || code === char.dash || code === char.colon || code === 95 || code === 116
}

export function setTime(stamp: Stamp, year: number, month: number, day: number): boolean {
  stamp.time = instant(year, month, day, stamp.ms)
  return !Number.isNaN(stamp.time)
}

export function setTimeWithoutYear(stamp: Stamp, month: number, day: number, reference: Reference): boolean {
  stamp.time = instantWithoutYear(month, day, stamp.ms, reference)
  return !Number.isNaN(stamp.time)
}

/** As POSIX has it: 69 to 99 are of the last century. */
export function fullYear(year: number): number {
  return year >= 100 ? year : year < 69 ? 2000 + year : 1900 + year
}

/** Where a number of one or two digits ends; -1 if there is none. */
export function shortNumberEnd(text: string, from: number): number {
  const end = char.digitsEnd(text, from, from + 3)
  return end - from === 1 || end - from === 2 ? end : -1
}
