import type { Surroundings } from '../../domain/scan/log-event.ts'
import { type HeldText, type HitLine, lookAheadBytes, lookBehindBytes } from '../match/line-scan.ts'
import type { RecordWriter } from './record-writer.ts'

const newline = 10
const carriageReturn = 13

/**
 * The lines around one that matched, as far as they may be looked at: what they are does not depend on how much of the text is
 * held. Lines that are cut off by the bounds are not seen.
 */
export class LinesAround implements Surroundings {
  readonly text: string
  readonly #held: HeldText
  readonly #bytes: Buffer
  readonly #offset: number
  readonly #start: number
  /** Where the next line begins. */
  readonly #next: number
  readonly #floor: number
  readonly #isTextStart: boolean
  /** How far is looked at most. */
  readonly #horizon: number
  /** The bytes of the line itself. */
  readonly #line: Buffer
  readonly #lineFrom: number
  readonly #lineTo: number

  constructor({ offset, length, start }: HitLine, held: HeldText) {
    this.#held = held
    this.#bytes = held.bytes
    this.#offset = offset
    this.#start = offset - held.offset + held.from
    const end = this.#start + length
    this.#line = start === null ? held.bytes : start
    this.#lineFrom = start === null ? this.#start : 0
    this.#lineTo = start === null ? end : Math.min(length, start.length)
    this.text = decode(this.#line, this.#lineFrom, this.#lineTo)
    const hasReturn = end < held.to && held.bytes[end] === carriageReturn
    this.#next = Math.min(held.to, end + (hasReturn ? 2 : 1))
    this.#horizon = end + lookAheadBytes
    // What lies before a line that is too long to be held is not held either.
    this.#floor = start === null ? Math.max(held.from, this.#start - lookBehindBytes) : this.#start
    this.#isTextStart = this.#floor === held.from && held.isStart
  }

  /** Appends the line as a JSON string. */
  writeText(writer: RecordWriter): void {
    writer.json(this.text, this.#line, this.#lineFrom, this.#lineTo)
  }

  /** Up to so many lines above, in their order. */
  before(most: number): readonly string[] {
    const lines: string[] = []
    const above = this.above()
    for (let line = above.next(); line !== null && lines.length < most; line = above.next()) lines.unshift(line)
    return lines
  }

  above(): { next(): string | null; offset(): number } {
    let at = this.#start
    const next = () => {
      if (at <= this.#floor) return null
      const end = at - 1
      const found = end === 0 ? -1 : this.#bytes.lastIndexOf(newline, end - 1)
      if (found < this.#floor && !this.#isTextStart) return null
      at = Math.max(this.#floor, found + 1)
      return decode(this.#bytes, at, withoutReturn(this.#bytes, at, end))
    }
    return { next, offset: () => at - this.#start + this.#offset }
  }

  below(most: number, endOffset = Number.POSITIVE_INFINITY): readonly string[] | null {
    const { to, isAll } = this.#held
    const limit = Math.min(this.#horizon, endOffset - this.#offset + this.#start)
    const isKnown = isAll || limit <= to
    const ceiling = Math.min(limit, to)
    const lines: string[] = []
    let at = this.#next
    while (lines.length < most && at < ceiling) {
      const found = this.#newlineFrom(at, ceiling)
      // The end of the text ends its last line as well.
      if (found === -1 && !(isAll && ceiling === to)) break
      const end = found === -1 ? ceiling : found
      lines.push(decode(this.#bytes, at, withoutReturn(this.#bytes, at, end)))
      at = end + 1
    }
    return lines.length < most && !isKnown ? null : lines
  }

  /** The offset behind so many lines below. */
  endAfter(lines: number): number {
    let at = this.#next
    for (let count = 0; count < lines; count++) {
      const found = this.#newlineFrom(at, this.#held.to)
      at = found === -1 ? this.#held.to : found + 1
    }
    return this.#offset + at - this.#start
  }

  #newlineFrom(at: number, ceiling: number): number {
    const found = this.#bytes.indexOf(newline, at)
    return found < ceiling ? found : -1
  }
}

function decode(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('utf8', from, to)
}

function withoutReturn(bytes: Buffer, from: number, to: number): number {
  return to > from && bytes[to - 1] === carriageReturn ? to - 1 : to
}
