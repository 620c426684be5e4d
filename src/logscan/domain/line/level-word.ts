import type { Level } from '../log-pattern.ts'
import { isLetter, isUpper } from './char-codes.ts'

/** A word that names a level. */
export interface LevelWord {
  readonly word: string
  readonly level: Level
  /** It also begins sentences ("NOTE that"): a level only in brackets or before a colon. */
  readonly isAmbiguous: boolean
}

const clear: Readonly<Record<Level, readonly string[]>> = {
  trace: ['trace', 'trc', 'trce', 'verbose', 'vrb', 'finest', 'finer'],
  debug: ['debug', 'dbg', 'dbug'],
  info: ['info', 'inf', 'information', 'notice'],
  warn: ['warn', 'warning', 'wrn'],
  error: ['error', 'err', 'severe'],
  fatal: ['fatal', 'critical', 'crit', 'ftl', 'emerg', 'emergency'],
}
const ambiguous: Readonly<Record<Level, readonly string[]>> = {
  trace: ['silly'],
  debug: ['fine', 'config'],
  info: ['note', 'log', 'system'],
  warn: [],
  error: ['eror', 'fail', 'failure'],
  fatal: ['alert', 'panic', 'crt', 'dpanic'],
}

const wordMax = 11
/** By the first two letters and the length, which no two words share; 0 for none. */
const slots = new Uint8Array(1 << 14)
const known: (LevelWord | null)[] = [null]
for (const [words, isAmbiguous] of [[clear, false] as const, [ambiguous, true] as const])
  for (const level of Object.keys(words) as Level[])
    for (const word of words[level]) slots[slotOf(word, 0, word.length)] = known.push({ word, level, isAmbiguous }) - 1

function slotOf(text: string, from: number, length: number): number {
  return ((text.charCodeAt(from) & 31) << 9) | ((text.charCodeAt(from + 1) & 31) << 4) | length
}

/** The level named by the letters from there on, and by nothing but them, in any case. */
export function levelWord(text: string, from: number): LevelWord | null {
  let end = from
  while (end - from <= wordMax && isLetter(text.charCodeAt(end))) end++
  const length = end - from
  if (length < 3 || length > wordMax) return null
  const found = known[slots[slotOf(text, from, length)] as number] as LevelWord | null
  if (found === null) return null
  for (let index = 2; index < length; index++)
    if ((text.charCodeAt(from + index) | 32) !== found.word.charCodeAt(index)) return null
  return found
}

/** Written in capitals throughout, as its first two letters tell. */
export function isShouted(text: string, from: number): boolean {
  return isUpper(text.charCodeAt(from)) && isUpper(text.charCodeAt(from + 1))
}

/** The level of any such word, as a field of its own gives it: `warning`, `WARN`, `W`; null for other text. */
export function levelNamed(text: string): Level | null {
  if (text.length === 1) return letterLevel(text.charCodeAt(0))
  const named = levelWord(text, 0)
  return named !== null && named.word.length === text.length ? named.level : null
}

/** klog, logcat, Ruby and the like write the first letter alone. */
export function letterLevel(code: number): Level | null {
  switch (code | 32) {
    case 118: // v
    case 116: // t
      return 'trace'
    case 100: // d
      return 'debug'
    case 105: // i
    case 110: // n
      return 'info'
    case 119: // w
      return 'warn'
    case 101: // e
      return 'error'
    case 102: // f
    case 99: // c
      return 'fatal'
    default:
      return null
  }
}

/** Levels of syslog, 0 emergency to 7 debug. */
export function syslogLevel(severity: number): Level {
  if (severity <= 2) return 'fatal'
  if (severity === 3) return 'error'
  if (severity === 4) return 'warn'
  return severity === 7 ? 'debug' : 'info'
}
