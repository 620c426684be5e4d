import type { Level } from '../log-pattern.ts'
import { readAccess } from './access-log.ts'
import { referenceOf } from './calendar.ts'
import * as char from './char-codes.ts'
import { readJson } from './json-line.ts'
import { levelWord } from './level-word.ts'
import { readLogfmt } from './logfmt-line.ts'
import { peelNumberedLayout } from './numbered-layouts.ts'
import { peelOwnLayout } from './own-layouts.ts'
import { peelHeader, peelStamp } from './peel-header.ts'
import { beginScan, emptyScan, type Scan } from './scan.ts'

/** What one line says of itself. */
export interface LineFacts {
  /** Milliseconds since the epoch. */
  readonly time: number | null
  readonly level: Level | null
  readonly host: string | null
  readonly component: string | null
  readonly message: string
}

/** Docker within Docker within syslog is as deep as lines are wrapped. */
const wrappedMax = 2

/**
 * Makes a reader of single lines without their ends. Stamps without a year are put into the latest year in which they are
 * not more than a day after the reference time (ms); those without a zone are UTC. The message is what remains of the line
 * without its header, blanks at its ends cut off, perhaps nothing; of a line that tells nothing, it is the line as it is.
 */
export function createLineReader(options: { readonly referenceTime: number }): (text: string) => LineFacts {
  const scan = emptyScan(referenceOf(options.referenceTime))
  return (text) => readLine(scan, text, 0)
}

function readLine(scan: Scan, text: string, depth: number): LineFacts {
  beginScan(scan, text)
  const start = char.skipBlanks(text, 0, scan.end)
  const message = readMessage(scan, start)
  const { time, level, host, component, wrapper } = scan
  const facts = { time, level, host, component, message }
  if (wrapper === 'none' || depth === wrappedMax || !mayHaveHeader(message, wrapper)) return facts
  const inner = readLine(scan, message, depth + 1)
  return scan.hasStamp || wrapper === 'container' ? joined(facts, inner) : facts
}

/** Of what a daemon tells syslog, only a stamp of its own makes a header: `error: …` is how its messages begin. */
function mayHaveHeader(message: string, wrapper: Scan['wrapper']): boolean {
  const first = message.charCodeAt(0)
  if (wrapper === 'container' || first === openBrace || first === char.openBracket || char.isDigit(first)) return true
  return char.isDigit(message.charCodeAt(1)) || looksLikePair(message, 0)
}

/** The wrapped line knows better when and how badly, the wrapper where. */
function joined(outer: LineFacts, inner: LineFacts): LineFacts {
  return {
    time: inner.time ?? outer.time,
    level: inner.level ?? outer.level,
    host: outer.host ?? inner.host,
    component: inner.component ?? outer.component,
    message: inner.message,
  }
}

const openBrace = 123

function readMessage(scan: Scan, start: number): string {
  const { text } = scan
  if (text.charCodeAt(start) === openBrace) return readJson(scan, start) ?? text
  let from = peelFront(scan, start)
  if (from < 0) {
    const request = readAccess(scan, start)
    if (request !== null) return request
    from = Math.max(start, peelNumberedLayout(scan, start))
  }
  const messageAt = scan.isDone ? from : peelHeader(scan, from)
  const isNothing = !scan.hasStamp && scan.level === null && scan.wrapper === 'none'
  if (isNothing || looksLikePair(text, messageAt)) {
    const structured = readLogfmt(scan, messageAt)
    if (structured !== null) return structured
  }
  scan.level ??= levelToldBy(text, messageAt)
  return isNothing ? text : trimmed(text, messageAt)
}

/** A layout of its own, or a stamp; -1 for a line that begins otherwise. */
function peelFront(scan: Scan, start: number): number {
  const own = peelOwnLayout(scan, start)
  return own >= 0 ? own : peelStamp(scan, start)
}

/** `error: …` in a message without a level tells it, and stays. */
function levelToldBy(text: string, from: number): Level | null {
  const wordAt = text.charCodeAt(from) === 80 && text.startsWith('PHP ', from) ? from + 4 : from
  const known = levelWord(text, wordAt)
  if (known === null || known.isAmbiguous) return null
  const end = wordAt + known.word.length
  const isTold = text.charCodeAt(end) === char.colon || text.startsWith(' error:', end)
  return isTold ? known.level : null
}

/** A key and `=`. */
function looksLikePair(text: string, from: number): boolean {
  const equalsAt = text.indexOf('=', from)
  if (equalsAt <= from || equalsAt > from + 16) return false
  for (let index = from; index < equalsAt; index++) if (!char.isNameChar(text.charCodeAt(index))) return false
  return true
}

function trimmed(text: string, from: number): string {
  const start = char.skipBlanks(text, from, text.length)
  let end = text.length
  while (end > start && text.charCodeAt(end - 1) <= char.space) end--
  return text.slice(start, end)
}
