import * as char from './char-codes.ts'
import { letterLevel, levelWord } from './level-word.ts'
import { done, namesMax, type Scan } from './scan.ts'

const fieldMax = 64

/** A bar, and the field after it if another bar ends it: `|Step_LSC|30002312|message`, ` | INFO | worker | message`. */
export function peelPipes(scan: Scan, from: number): number {
  const { text } = scan
  const start = char.skipBlanks(text, from + 1, scan.end)
  let end = start
  while (end < scan.end && text.charCodeAt(end) !== char.pipe && !char.isBlank(text.charCodeAt(end))) end++
  const close = char.skipBlanks(text, end, scan.end)
  if (end === start || end - start > fieldMax || text.charCodeAt(close) !== char.pipe) return start
  if (takesLevel(scan, start, end)) return close
  if (scan.names >= namesMax || !isWord(text, start, end)) return done(scan, start)
  scan.names++
  if (char.isLetter(text.charCodeAt(start))) scan.component ??= text.slice(start, end)
  return close
}

function isWord(text: string, from: number, end: number): boolean {
  for (let index = from; index < end; index++) {
    const code = text.charCodeAt(index)
    const isJoint = code === char.dot || code === char.dash || code === char.colon || code === char.slash
    if (!char.isNameChar(code) && !isJoint) return false
  }
  return true
}

function takesLevel(scan: Scan, from: number, end: number): boolean {
  const { text } = scan
  if (scan.level !== null) return false
  const known = levelWord(text, from)
  if (known !== null && from + known.word.length === end) scan.level = known.level
  else if (end === from + 1 && char.isUpper(text.charCodeAt(from))) scan.level = letterLevel(text.charCodeAt(from))
  return scan.level !== null
}
