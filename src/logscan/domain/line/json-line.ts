import * as char from './char-codes.ts'
import { dockerRank, type Field, type Key, keyAt } from './field-names.ts'
import type { Scan } from './scan.ts'
import { levelOf, timeOf } from './value.ts'

/** Fields are looked for in this many characters; a line that is longer keeps what was found by then. */
const scannedMax = 65_536

const openBrace = 123
const closeBrace = 125

/**
 * A line that is one JSON object. Only its own keys are looked at, and only the values that say something about the line are
 * decoded: what else it holds is stepped over. Gives the message (the whole line where there is none), or null for a line
 * that is no such object; the wrapper says that it is a line of its own, as Docker stores them.
 */
export function readJson(scan: Scan, from: number): string | null {
  const found = readFields(scan.text, from)
  if (found === null) return null
  const { time, level, host, component, message, fault, stack } = found
  if (time === null && level === null && message === null) return null
  if (time !== null) scan.time = timeOf(scan, time)
  if (level !== null) scan.level = levelOf(level)
  scan.host = host
  scan.component = component
  scan.hasStamp = true
  if (found.isDocker) scan.wrapper = 'container'
  return message || fault || (stack && firstLine(stack)) || scan.text
}

interface Fields {
  time: string | null
  level: string | null
  message: string | null
  component: string | null
  host: string | null
  fault: string | null
  stack: string | null
  /** Of the keys that named the message and the component. */
  messageRank: number
  componentRank: number
  isDocker: boolean
}

const rankMax = 99

function noFields(): Fields {
  return {
    time: null,
    level: null,
    message: null,
    component: null,
    host: null,
    fault: null,
    stack: null,
    messageRank: rankMax,
    componentRank: rankMax,
    isDocker: false,
  }
}

function readFields(text: string, from: number): Fields | null {
  const limit = Math.min(text.length, from + scannedMax)
  const found = noFields()
  let next = skipSpace(text, from + 1)
  while (next < limit && text.charCodeAt(next) === char.quote) {
    const keyEnd = stringEnd(text, next, limit)
    const colonAt = skipSpace(text, keyEnd + 1)
    if (keyEnd < 0 || text.charCodeAt(colonAt) !== char.colon) return null
    const valueAt = skipSpace(text, colonAt + 1)
    const valueEnd = endOfValue(text, valueAt, limit)
    const key = keyAt(text, next + 1, keyEnd)
    if (valueEnd < 0) {
      // Cut off within the message: what there is of it.
      if (key?.field === 'message' && text.charCodeAt(valueAt) === char.quote) found.message ??= text.slice(valueAt + 1)
      return found
    }
    if (key !== undefined) take(found, key, text, valueAt, valueEnd)
    const mark = skipSpace(text, valueEnd)
    if (text.charCodeAt(mark) === closeBrace) return skipSpace(text, mark + 1) >= text.length ? found : null
    if (text.charCodeAt(mark) !== char.comma) return mark >= text.length ? found : null
    next = skipSpace(text, mark + 1)
  }
  return next >= limit ? found : null
}

/** Of two keys for a message or a component the better named is right, of others the first. */
function take(found: Fields, { field, rank }: Key, text: string, from: number, end: number): void {
  if (field === 'message' ? rank > found.messageRank : field === 'component' && rank > found.componentRank) return
  if (field !== 'message' && field !== 'component' && found[field] !== null) return
  const value = decode(text, from, end, field)
  if (value === null) return
  switch (field) {
    case 'message':
      found.message = value
      found.messageRank = rank
      found.isDocker = rank === dockerRank
      break
    case 'component':
      found.component = value
      found.componentRank = rank
      break
    default:
      found[field] = value
  }
}

function skipSpace(text: string, from: number): number {
  let next = from
  while (text.charCodeAt(next) <= char.space) next++
  return next
}

/** Where the string's closing quote stands; -1 if there is none. */
function stringEnd(text: string, open: number, limit: number): number {
  const first = text.indexOf('"', open + 1)
  if (first < 0 || first >= limit) return -1
  if (text.charCodeAt(first - 1) !== char.backslash) return first
  for (let index = open + 1; index < limit; index++) {
    const code = text.charCodeAt(index)
    if (code === char.quote) return index
    if (code === char.backslash) index++
  }
  return -1
}

/** Behind the value's last character; -1 if it does not end here. */
function endOfValue(text: string, from: number, limit: number): number {
  const first = text.charCodeAt(from)
  if (first === char.quote) return stringEnd(text, from, limit) + 1 || -1
  if (first === openBrace || first === char.openBracket) return nestedEnd(text, from, limit)
  let end = from
  while (end < limit && isPlain(text.charCodeAt(end))) end++
  return end === from ? -1 : end
}

function isPlain(code: number): boolean {
  return code !== char.comma && code !== closeBrace && code !== char.closeBracket && code > char.space
}

function nestedEnd(text: string, from: number, limit: number): number {
  let depth = 0
  for (let index = from; index < limit; index++) {
    const code = text.charCodeAt(index)
    if (code === char.quote) {
      index = stringEnd(text, index, limit)
      if (index < 0) return -1
    } else if (code === openBrace || code === char.openBracket) depth++
    else if ((code === closeBrace || code === char.closeBracket) && --depth === 0) return index + 1
  }
  return -1
}

/** A string or number as text. Of an object that tells of an error, its message; of a date in MongoDB's spelling, the date. */
function decode(text: string, from: number, end: number, field: Field): string | null {
  const first = text.charCodeAt(from)
  if (first === char.quote) return unquoted(text, from, end)
  if (first === openBrace) return decodeNested(text, from, end, field)
  if (first === char.openBracket) return null
  const isNumber = char.isDigit(first) || first === char.dash
  return isNumber ? text.slice(from, end) : null
}

function decodeNested(text: string, from: number, end: number, field: Field): string | null {
  const wanted =
    field === 'time' ? ['"$date"'] : field === 'fault' ? ['"message"', '"stack"'] : field === 'host' ? ['"name"'] : []
  for (const key of wanted) {
    const keyAtIndex = text.indexOf(key, from)
    if (keyAtIndex < 0 || keyAtIndex >= end) continue
    const valueAt = skipSpace(text, skipSpace(text, keyAtIndex + key.length) + 1)
    const valueEnd = text.charCodeAt(valueAt) === char.quote ? stringEnd(text, valueAt, end) : -1
    if (valueEnd > 0) return unquoted(text, valueAt, valueEnd + 1)
  }
  return null
}

/** Without quotes and backslashes; with them, as it stands, if they are not JSON's. */
export function unquoted(text: string, from: number, end: number): string {
  const inside = text.slice(from + 1, end - 1)
  if (!inside.includes('\\')) return inside
  try {
    return JSON.parse(text.slice(from, end)) as string
  } catch {
    return inside
  }
}

function firstLine(text: string): string {
  const end = text.indexOf('\n')
  return end < 0 ? text : text.slice(0, end)
}
