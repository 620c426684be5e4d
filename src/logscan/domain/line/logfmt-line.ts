import * as char from './char-codes.ts'
import { type Field, keyAt } from './field-names.ts'
import { unquoted } from './json-line.ts'
import type { Scan } from './scan.ts'
import { levelOf, timeOf } from './value.ts'

const scannedMax = 65_536

/**
 * A line of pairs: `time=… level=info msg="…" k=v`. The message is msg's value; without one, the pairs that tell neither time
 * nor level, host or component. Null for a line that is not pairs from there on, or has no pair that tells of the line.
 */
export function readLogfmt(scan: Scan, from: number): string | null {
  const { text, host, component } = scan
  const limit = Math.min(text.length, from + scannedMax)
  const rest: string[] = []
  let message: string | null = null
  let isTold = false
  let next = from
  for (let pairs = 0; next < limit; pairs++) {
    const equalsAt = keyEnd(text, next, limit)
    const isPair = equalsAt > next && text.charCodeAt(equalsAt) === char.equals
    if (!isPair && pairs === 0) return null
    const end = isPair ? endOfValue(text, equalsAt + 1, limit) : char.wordEnd(text, next, limit)
    const field = isPair ? keyAt(text, next, equalsAt)?.field : undefined
    if (field === 'message') message ??= valueAt(text, equalsAt + 1, end)
    else if (field === undefined || !take(scan, field, valueAt(text, equalsAt + 1, end)))
      rest.push(text.slice(next, end))
    isTold ||= field === 'time' || field === 'level'
    next = char.skipBlanks(text, end, limit)
  }
  if (!isTold) {
    scan.host = host
    scan.component = component
    return null
  }
  return message ?? rest.join(' ')
}

/** False for a value that does not say what such a field says. */
function take(scan: Scan, field: Field, value: string): boolean {
  switch (field) {
    case 'time':
      scan.time ??= timeOf(scan, value)
      return scan.time !== null
    case 'level':
      scan.level ??= levelOf(value)
      return scan.level !== null
    case 'host':
      scan.host = value
      return true
    case 'component':
      scan.component = value
      return true
    default:
      return false
  }
}

function keyEnd(text: string, from: number, limit: number): number {
  let end = from
  while (end < limit && isKeyChar(text.charCodeAt(end))) end++
  return end
}

function isKeyChar(code: number): boolean {
  return char.isNameChar(code) || code === char.dot || code === char.dash || code === char.at
}

function endOfValue(text: string, from: number, limit: number): number {
  if (text.charCodeAt(from) !== char.quote) return char.wordEnd(text, from, limit)
  for (let index = from + 1; index < limit; index++) {
    const code = text.charCodeAt(index)
    if (code === char.quote) return index + 1
    if (code === char.backslash) index++
  }
  return limit
}

function valueAt(text: string, from: number, end: number): string {
  const isQuoted = text.charCodeAt(from) === char.quote && text.charCodeAt(end - 1) === char.quote && end > from + 1
  return isQuoted ? unquoted(text, from, end) : text.slice(from, end)
}
