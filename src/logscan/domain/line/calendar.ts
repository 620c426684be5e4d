const dayMs = 86_400_000

/** Days from 1970-01-01 in the Gregorian calendar (Howard Hinnant's days_from_civil); NaN for a day that is not. */
function dayNumber(year: number, month: number, day: number): number {
  if (!(year >= 1900 && year <= 2999 && month >= 1 && month <= 12 && day >= 1 && day <= monthLength(year, month)))
    return Number.NaN
  const shifted = month <= 2 ? year - 1 : year
  const era = (shifted / 400) | 0
  const yearOfEra = shifted - era * 400
  const dayOfYear = (((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) | 0) + day - 1
  return era * 146097 + yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear - 719468
}

function monthLength(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Milliseconds since the epoch; NaN for a day that is not. */
export function instant(year: number, month: number, day: number, clockMs: number): number {
  return dayNumber(year, month, day) * dayMs + clockMs
}

/** In the latest year in which it is not more than a day after the reference; NaN for a day that no year has. */
export function instantWithoutYear(month: number, day: number, clockMs: number, reference: Reference): number {
  // 29 February may be eight years away, as around 1900 and 2100.
  for (let year = reference.year + 1; year >= reference.year - 8; year--) {
    const time = instant(year, month, day, clockMs)
    if (time <= reference.latest) return time
  }
  return Number.NaN
}

/** What years are found by: the year of the reference time, and the last moment that a stamp may mean. */
export interface Reference {
  readonly year: number
  readonly latest: number
}

export function referenceOf(referenceTime: number): Reference {
  return { year: new Date(referenceTime).getUTCFullYear(), latest: referenceTime + dayMs }
}

/** A time that is not known is null to the outside. */
export function instantOrNull(time: number): number | null {
  return Number.isNaN(time) ? null : time
}
