import type { Reference } from './calendar.ts'
import * as char from './char-codes.ts'
import { readClock, readZone } from './clock.ts'
import { readTimeAfter, type Stamp, setTime, setTimeWithoutYear, shortNumberEnd } from './stamp-time.ts'

/** `Jan  2 15:04:05`, with a year before or after the time, `Jan 02, 2026 3:04:05 PM`, a day of the week before any of it. */
export function readNamed(text: string, from: number, reference: Reference, stamp: Stamp): boolean {
  const month = monthAt(text, from)
  if (month > 0) return readMonthFirst(text, from, month, false, reference, stamp)
  if (!isWeekday(char.threeLetters(text, from))) return false
  let next = text.charCodeAt(from + 3) === char.comma ? from + 4 : from + 3
  if (text.charCodeAt(next) !== char.space) return false
  next = char.skipBlanks(text, next, next + 3)
  const after = monthAt(text, next)
  if (after > 0) return readMonthFirst(text, next, after, true, reference, stamp)
  const dayEnd = shortNumberEnd(text, next)
  const named = dayEnd < 0 ? 0 : monthAt(text, dayEnd + 1)
  return named > 0 && readDayAndMonth(text, char.numberAt(text, next, dayEnd), named, dayEnd, reference, stamp)
}

function readMonthFirst(
  text: string,
  from: number,
  month: number,
  hasWeekday: boolean,
  reference: Reference,
  stamp: Stamp,
): boolean {
  if (text.charCodeAt(from + 3) !== char.space) return false
  const dayAt = char.skipBlanks(text, from + 3, from + 6)
  const dayEnd = shortNumberEnd(text, dayAt)
  if (dayEnd < 0) return false
  const day = char.numberAt(text, dayAt, dayEnd)
  const next = text.charCodeAt(dayEnd) === char.comma ? dayEnd + 1 : dayEnd
  if (text.charCodeAt(next) !== char.space) return false
  const yearEnd = char.digitsEnd(text, next + 1, next + 6)
  if (yearEnd === next + 5)
    return readTimeAfter(text, yearEnd, stamp) && setTime(stamp, char.numberAt(text, next + 1, yearEnd), month, day)
  if (!readClock(text, next + 1, stamp) || !stamp.hasSeconds) return false
  const year = hasWeekday ? readYearAfter(text, stamp) : 0
  if (year > 0) return setTime(stamp, year, month, day)
  if (!hasWeekday) stamp.style = 'syslog'
  return setTimeWithoutYear(stamp, month, day, reference)
}

/** `15:04:05 2026` and `15:04:05 UTC 2026`; 0 if there is none. */
function readYearAfter(text: string, stamp: Stamp): number {
  readZone(text, stamp)
  const from = stamp.end + 1
  const end = char.digitsEnd(text, from, from + 5)
  if (text.charCodeAt(stamp.end) !== char.space || end !== from + 4) return 0
  stamp.end = end
  return char.numberAt(text, from, end)
}

/** `02/Jan/2026:15:04:05 +0000`, `02 Jan 2026 15:04:05.000`, `02 Jan 15:04:05.000`. */
export function readDayAndMonth(
  text: string,
  day: number,
  month: number,
  dayEnd: number,
  reference: Reference,
  stamp: Stamp,
): boolean {
  const separator = text.charCodeAt(dayEnd)
  if (text.charCodeAt(dayEnd + 4) !== separator) return false
  const yearAt = dayEnd + 5
  const yearEnd = char.digitsEnd(text, yearAt, yearAt + 5)
  if (yearEnd === yearAt + 4)
    return readTimeAfter(text, yearEnd, stamp) && setTime(stamp, char.numberAt(text, yearAt, yearEnd), month, day)
  if (separator !== char.space || !readClock(text, yearAt, stamp) || !stamp.hasSeconds) return false
  return setTimeWithoutYear(stamp, month, day, reference)
}

const [months, weekdays] = [new Uint8Array(1 << 15), new Uint8Array(1 << 15)]
for (const [index, name] of [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
].entries())
  months[char.threeLetters(name, 0)] = index + 1
for (const name of ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']) weekdays[char.threeLetters(name, 0)] = 1

/** 1 to 12; 0 for text that is no month's first three letters. */
export function monthAt(text: string, from: number): number {
  const key = char.threeLetters(text, from)
  return key < 0 ? 0 : (months[key] as number)
}

function isWeekday(key: number): boolean {
  return key >= 0 && weekdays[key] === 1
}
