import type { Reference } from './calendar.ts'
import * as char from './char-codes.ts'
import { readClock } from './clock.ts'
import { monthAt, readDayAndMonth, readNamed } from './named-date.ts'
import {
  fullYear,
  isDateEnd,
  readTimeAfter,
  type Stamp,
  setTime,
  setTimeWithoutYear,
  shortNumberEnd,
} from './stamp-time.ts'

/** Reads a date and a time of day that begin at `from`. A month or day that is not makes it no stamp. */
export function readStamp(text: string, from: number, reference: Reference, stamp: Stamp): boolean {
  const first = text.charCodeAt(from)
  stamp.style = 'plain'
  if (char.isDigit(first)) {
    const isRead = text.charCodeAt(from + 4) === text.charCodeAt(from + 7) && readFullDate(text, from, stamp)
    return (isRead || readDigits(text, from, reference, stamp)) && endsWell(text, stamp.end)
  }
  if (!char.isUpper(first) || char.isUpper(text.charCodeAt(from + 1))) return false
  return readNamed(text, from, reference, stamp) && endsWell(text, stamp.end)
}

function endsWell(text: string, end: number): boolean {
  return !char.isNameChar(text.charCodeAt(end))
}

function readDigits(text: string, from: number, reference: Reference, stamp: Stamp): boolean {
  const end = char.digitsEnd(text, from, from + 15)
  switch (end - from) {
    case 4:
      return readYearFirst(text, from, stamp)
    case 8:
      return readCompact(text, from, 4, stamp)
    case 6:
      return readCompact(text, from, 2, stamp)
    case 1:
    case 2:
      return readDayFirst(text, from, end, reference, stamp)
    default:
      return readEpoch(text, from, end, stamp)
  }
}

/** The usual spelling, `2026-01-02 15:04:05` of one length, which has a fast way. */
function readFullDate(text: string, from: number, stamp: Stamp): boolean {
  const separator = text.charCodeAt(from + 4)
  if (separator !== char.dash && separator !== char.slash && separator !== char.dot) return false
  const century = char.twoDigits(text, from)
  const year = char.twoDigits(text, from + 2)
  const month = char.twoDigits(text, from + 5)
  const day = char.twoDigits(text, from + 8)
  if (century < 0 || year < 0 || month < 0 || day < 0) return false
  return readTimeAfter(text, from + 10, stamp) && setTime(stamp, century * 100 + year, month, day)
}

/** `2026-01-02`, `2026/1/2`, `2026.01.02`. */
function readYearFirst(text: string, from: number, stamp: Stamp): boolean {
  const separator = text.charCodeAt(from + 4)
  if (separator !== char.dash && separator !== char.slash && separator !== char.dot) return false
  const monthEnd = shortNumberEnd(text, from + 5)
  if (monthEnd < 0 || text.charCodeAt(monthEnd) !== separator) return false
  const dayEnd = shortNumberEnd(text, monthEnd + 1)
  if (dayEnd < 0 || !readTimeAfter(text, dayEnd, stamp)) return false
  const month = char.numberAt(text, from + 5, monthEnd)
  return setTime(stamp, char.numberAt(text, from, from + 4), month, char.numberAt(text, monthEnd + 1, dayEnd))
}

/** `20260102-15:04:05`, `20260102T150405`, `260102 150405`, `260102 15:04:05`. */
function readCompact(text: string, from: number, yearDigits: number, stamp: Stamp): boolean {
  const monthAt = from + yearDigits
  const dateEnd = monthAt + 4
  const separator = text.charCodeAt(dateEnd)
  const bare = dateEnd + 1
  if (char.digitsEnd(text, bare, bare + 7) === bare + 6 && isDateEnd(separator)) {
    if (!readBareClock(text, bare, stamp)) return false
  } else if (!readTimeAfter(text, dateEnd, stamp)) return false
  const year = char.numberAt(text, from, monthAt)
  return setTime(stamp, fullYear(year), char.twoDigits(text, monthAt), char.twoDigits(text, monthAt + 2))
}

/** `150405` */
function readBareClock(text: string, from: number, stamp: Stamp): boolean {
  const hour = char.twoDigits(text, from)
  const minute = char.twoDigits(text, from + 2)
  const second = char.twoDigits(text, from + 4)
  stamp.ms = ((hour * 60 + minute) * 60 + second) * 1000
  stamp.end = from + 6
  if (text.charCodeAt(from + 6) === 90) stamp.end++
  return hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60
}

/** What begins with one or two digits: `02/Jan/2026`, `2 Jan 2026`, `01-02`, `26/01/02`, `01/02/2026`, a time alone. */
function readDayFirst(text: string, from: number, end: number, reference: Reference, stamp: Stamp): boolean {
  const separator = text.charCodeAt(end)
  if (separator === char.colon) return readTimeAlone(text, from, stamp)
  const first = char.numberAt(text, from, end)
  const month = monthAt(text, end + 1)
  if (month > 0) return readDayAndMonth(text, first, month, end, reference, stamp)
  if (separator === char.space) return false
  const secondEnd = shortNumberEnd(text, end + 1)
  if (secondEnd < 0) return false
  const second = char.numberAt(text, end + 1, secondEnd)
  if (text.charCodeAt(secondEnd) === separator) return readThreeNumbers(text, first, second, secondEnd, stamp)
  if (separator === char.slash || text.charCodeAt(secondEnd) !== char.space) return false
  if (!readClock(text, secondEnd + 1, stamp) || !stamp.hasSeconds) return false
  return setTimeWithoutYear(stamp, first, second, reference)
}

/** A time without a date says nothing of when, and is a header all the same. */
function readTimeAlone(text: string, from: number, stamp: Stamp): boolean {
  stamp.time = Number.NaN
  return readClock(text, from, stamp) && stamp.hasSeconds
}

/** `26/01/02`; `01/02/2026` is January 2 where that can be, `13/02/2026` and `02.01.2026` begin with the day. */
function readThreeNumbers(text: string, first: number, second: number, secondEnd: number, stamp: Stamp): boolean {
  const thirdAt = secondEnd + 1
  const thirdEnd = char.digitsEnd(text, thirdAt, thirdAt + 5)
  const third = char.numberAt(text, thirdAt, thirdEnd)
  if (!readTimeAfter(text, thirdEnd, stamp)) return false
  if (thirdEnd === thirdAt + 2) return setTime(stamp, fullYear(first), second, third)
  if (thirdEnd !== thirdAt + 4) return false
  const isDayFirst = first > 12 || text.charCodeAt(secondEnd) === char.dot
  return isDayFirst ? setTime(stamp, third, second, first) : setTime(stamp, third, first, second)
}

/** Ten digits with a fraction, or thirteen: seconds or milliseconds since the epoch. */
function readEpoch(text: string, from: number, end: number, stamp: Stamp): boolean {
  const isSeconds = end - from === 10 && text.charCodeAt(end) === char.dot
  const fractionEnd = isSeconds ? char.digitsEnd(text, end + 1, end + 11) : end
  const digits = fractionEnd - end - 1
  if (!(isSeconds ? digits >= 3 && digits <= 9 : end - from === 13)) return false
  const value = char.numberAt(text, from, end)
  stamp.time = isSeconds ? value * 1000 + char.numberAt(text, end + 1, end + 4) : value
  stamp.end = fractionEnd
  return stamp.time >= 1e12 && stamp.time < 4e12
}
