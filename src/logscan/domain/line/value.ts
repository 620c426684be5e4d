import type { Level } from '../log-pattern.ts'
import * as char from './char-codes.ts'
import { levelNamed, syslogLevel } from './level-word.ts'
import type { Scan } from './scan.ts'
import { readStamp } from './stamp.ts'

/** A field's time: a stamp, or a number of s, ms, us or ns since the epoch, told by its size. */
export function timeOf(scan: Scan, value: string): number | null {
  const { stamp } = scan
  if (isNumber(value)) return sinceEpoch(Number(value))
  if (!readStamp(value, 0, scan.reference, stamp) || stamp.end < value.length) return null
  return Number.isNaN(stamp.time) ? null : stamp.time
}

/** Nine digits or more, perhaps with a fraction. */
function isNumber(value: string): boolean {
  const end = char.digitsEnd(value, 0, value.length)
  if (end < 9 || end > 19) return false
  return (
    end === value.length ||
    (value.charCodeAt(end) === char.dot && char.digitsEnd(value, end + 1, value.length) === value.length)
  )
}

function sinceEpoch(value: number): number | null {
  let ms = value * 1000
  if (value >= 1e17) ms = value / 1e6
  else if (value >= 1e14) ms = value / 1e3
  else if (value >= 1e11) ms = value
  return ms < 4e12 ? Math.floor(ms + 1e-4) : null
}

/** A field's level: a name, pino's and bunyan's tens, or syslog's 0 to 7. */
export function levelOf(value: string): Level | null {
  if (!char.isDigit(value.charCodeAt(0))) return levelNamed(value)
  const number = Number(value)
  if (Number.isNaN(number)) return null
  if (number < 10) return syslogLevel(number)
  if (number < 20) return 'trace'
  if (number < 30) return 'debug'
  if (number < 40) return 'info'
  if (number < 50) return 'warn'
  return number < 60 ? 'error' : 'fatal'
}
