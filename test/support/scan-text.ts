import { expect } from 'vitest'
import {
  type HeldText,
  type HitLine,
  type HitReader,
  LineScan,
  longLineBytes,
  lookAheadBytes,
  lookBehindBytes,
} from '../../src/logscan/adapters/match/line-scan.ts'
import { type MatchPart, planMatch } from '../../src/logscan/domain/match/match-plan.ts'
import { parsePattern } from '../../src/logscan/domain/pattern/parse.ts'
import type { LineFound, ScannedText } from './naive-matcher.ts'

/** How a text is given to the engine. */
export interface Delivery {
  readonly chunkBytes: number
  /** The bytes of the next piece, if there is room for them. */
  readonly pieceBytes: () => number
  /** Offsets at which the text is cut into ranges. */
  readonly cuts: readonly number[]
  /** Whether all that may be looked at behind a line is asked for before the line is taken. */
  readonly looksAhead: boolean
}

/** All at once, or in pieces of that size. */
export const inPieces = (pieceBytes = 1 << 20): Omit<Delivery, 'chunkBytes'> => {
  return { pieceBytes: () => pieceBytes, cuts: [], looksAhead: false }
}

export function planOf(sources: readonly string[], sample: Uint8Array): readonly MatchPart[] {
  const trees = sources.map((source) => parsePattern(source))
  return planMatch(trees, sample)
}

/** The same, but every line is read by the automaton. */
export function withoutFilter(parts: readonly MatchPart[]): readonly MatchPart[] {
  return parts.map((part) => ({ ...part, filter: null }))
}

const carriageReturn = 13

/** Takes lines, and checks that what is held of the text around them is right. */
class CheckingReader implements HitReader {
  readonly found: LineFound[] = []
  text: Buffer = Buffer.alloc(0)
  newlinesBefore = 0
  looksAhead = false

  read(line: HitLine, held: HeldText): boolean {
    const behindLine = line.offset + line.length
    const heldEnd = held.offset + held.to - held.from
    if (this.looksAhead && !held.isAll && heldEnd < behindLine + lookAheadBytes) return false
    this.#checkStart(line)
    const from = line.start === null ? Math.max(lineFloor(this.text), line.offset - lookBehindBytes) : behindLine
    const to = Math.min(this.looksAhead ? behindLine + lookAheadBytes : behindLine, this.text.length)
    const isHeld = from >= held.offset && to <= heldEnd
    const shift = held.from - held.offset
    if (!isHeld || held.bytes.compare(this.text, from, to, from + shift, to + shift) !== 0)
      throw new Error(`what is held around the line at ${line.offset} is not the text`)
    const patterns = patternsOf(line.words)
    this.found.push({ offset: line.offset, length: line.length, line: this.newlinesBefore + line.newlines, patterns })
    return true
  }

  #checkStart({ start, offset, length }: HitLine): void {
    const withReturn = this.text[offset + length] === carriageReturn
    if ((start !== null) !== length + (withReturn ? 1 : 0) >= longLineBytes)
      throw new Error(`the line at ${offset} is${start === null ? '' : ' not'} to be held`)
    if (start === null) return
    const shown = Math.min(length, longLineBytes)
    if (start.length !== shown || !start.equals(this.text.subarray(offset, offset + shown)))
      throw new Error(`the start of the line at ${offset} is wrong: ${start.length} bytes`)
  }
}

/** A scan that can be used for one text after the other. */
export class TextScanner {
  readonly #reader: CheckingReader | null
  readonly scan: LineScan

  constructor(parts: readonly MatchPart[], options: { patterns: number; chunkBytes: number; counts: boolean }) {
    const { patterns, chunkBytes, counts } = options
    this.#reader = counts ? null : new CheckingReader()
    this.scan = new LineScan({ parts, patterns, chunkBytes, reader: this.#reader })
  }

  /** Gives the text, range by range, and says what was found. */
  run(text: Buffer, { pieceBytes, cuts, looksAhead }: Omit<Delivery, 'chunkBytes'>): ScannedText {
    const edges = [0, ...[...cuts].sort((a, b) => a - b), text.length]
    let newlines = 0
    if (this.#reader !== null) Object.assign(this.#reader, { text, looksAhead })
    const from = this.#reader?.found.length ?? 0
    for (const [index, edge] of edges.slice(0, -1).entries()) {
      const limit = edges[index + 1] as number
      if (edge === limit && text.length > 0) continue
      if (this.#reader !== null) this.#reader.newlinesBefore = newlines
      deliver(this.scan, text, this.scan.begin(edge, limit), pieceBytes)
      newlines += this.scan.newlines
    }
    return { found: this.#reader?.found.slice(from) ?? [], newlines }
  }
}

function deliver(scan: LineScan, text: Buffer, start: number, pieceBytes: () => number): void {
  let at = start
  while (!scan.isDone) {
    const room = scan.room()
    const piece = Math.min(room.length, text.length - at, pieceBytes())
    if (piece === 0) {
      scan.finish()
      if (!scan.isDone) throw new Error('lines wait for a text that has ended')
      return
    }
    text.copy(room, 0, at, at + piece)
    at += piece
    scan.added(piece)
  }
}

/** A byte order mark is not looked at. */
function lineFloor(text: Buffer): number {
  return text.subarray(0, 3).equals(Buffer.from('\ufeff')) ? 3 : 0
}

/** Compared as texts, since there may be very many lines. */
export function expectSame(scanned: ScannedText, expected: ScannedText): void {
  expect(told(scanned)).toBe(told(expected))
}

function told({ found, newlines }: ScannedText): string {
  const lines = found.map(({ offset, length, line, patterns }) => `line ${line} at ${offset}, ${length}: ${patterns}`)
  return [`${newlines} newlines`, ...lines].join('\n')
}

function patternsOf(words: Uint32Array): number[] {
  const patterns: number[] = []
  for (let at = 0; at < words.length; at++)
    for (let bits = words[at] as number; bits !== 0; bits &= bits - 1)
      patterns.push(at * 32 + 31 - Math.clz32(bits & -bits))
  return patterns
}
