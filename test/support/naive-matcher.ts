/** A line that matches, as the engine and the naive matcher both tell it. */
export interface LineFound {
  /** Bytes before it in the text. */
  readonly offset: number
  /** Its bytes, without its end. */
  readonly length: number
  /** Newlines before it. */
  readonly line: number
  readonly patterns: readonly number[]
}

/** What was found in a text, in the order of its lines. */
export interface ScannedText {
  readonly found: readonly LineFound[]
  readonly newlines: number
}

interface Line {
  readonly offset: number
  readonly bytes: Buffer
}

const newline = 10
const carriageReturn = 13
const byteOrderMark = Buffer.from('\ufeff')

/**
 * What an engine has to find, found line by line with RegExps that take a newline for what is no character: it stands for
 * bytes that are no UTF-8, of which there may be no other sign in the text (no U+FFFD).
 */
export function scanNaively(text: Buffer, patterns: readonly RegExp[]): ScannedText {
  const known = new Map<string, readonly number[]>()
  const lines = linesOf(text)
  const found = lines.flatMap(({ offset, bytes }, line) => {
    const chars = charsOf(bytes)
    let matching = known.get(chars)
    if (matching === undefined) {
      matching = patterns.flatMap((pattern, index) => (pattern.test(chars) ? [index] : []))
      known.set(chars, matching)
    }
    return matching.length === 0 ? [] : [{ offset, length: bytes.length, line, patterns: matching }]
  })
  return { found, newlines: text.filter((byte) => byte === newline).length }
}

function charsOf(line: Buffer): string {
  return line.toString('utf8').replaceAll('\ufffd', '\n')
}

/** Lines end at a newline, with one carriage return before it; the last may have none. A byte order mark is of no line. */
function linesOf(text: Buffer): Line[] {
  const lines: Line[] = []
  let offset = text.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? byteOrderMark.length : 0
  while (offset < text.length) {
    const found = text.indexOf(newline, offset)
    const end = found === -1 ? text.length : found
    const withReturn = end > offset && text[end - 1] === carriageReturn
    lines.push({ offset, bytes: text.subarray(offset, withReturn ? end - 1 : end) })
    offset = end + 1
  }
  return lines
}
