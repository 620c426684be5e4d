import { type HeldText, type HitLine, lookAheadBytes, lookBehindBytes } from '../match/line-scan.ts'
import type { RecordWriter } from './record-writer.ts'

const newline = 10
const carriageReturn = 13

/**
 * The lines around one that matched, as far as they may be looked at: what they are does not depend on how much of the text is
 * held. Lines that are cut off by the bounds are not seen.
 */
export class LinesAround {
  readonly text: string
  readonly #bytes: Buffer
  readonly #offset: number
  readonly #start: number
  /** Where the next line begins. */
  readonly #behind: number
  readonly #floor: number
  readonly #isTextStart: boolean
  readonly #ceiling: number
  readonly #isTextEnd: boolean
  readonly #isAllThere: boolean
  /** The bytes of the line itself. */
  readonly #line: Buffer
  readonly #lineFrom: number
  readonly #lineTo: number

  constructor({ offset, length, start }: HitLine, held: HeldText) {
    this.#bytes = held.bytes
    this.#offset = offset
    this.#start = offset - held.offset + held.from
    const end = this.#start + length
    this.#line = start === null ? held.bytes : start
    this.#lineFrom = start === null ? this.#start : 0
    this.#lineTo = start === null ? end : Math.min(length, start.length)
    this.text = decode(this.#line, this.#lineFrom, this.#lineTo)
    const hasReturn = end < held.to && held.bytes[end] === carriageReturn
    this.#behind = Math.min(held.to, end + (hasReturn ? 2 : 1))
    this.#ceiling = Math.min(held.to, end + lookAheadBytes)
    this.#isTextEnd = held.isAll && this.#ceiling === held.to
    this.#isAllThere = held.isAll || this.#ceiling < held.to
    // What lies before a line that is too long to be held is not held either.
    this.#floor = start === null ? Math.max(held.from, this.#start - lookBehindBytes) : this.#start
    this.#isTextStart = this.#floor === held.from && held.isStart
  }

  /** Appends the line as a JSON string. */
  writeText(writer: RecordWriter): void {
    writer.json(this.text, this.#line, this.#lineFrom, this.#lineTo)
  }

  /** The line below, null where there is none, undefined if that is not known yet. */
  next(): string | null | undefined {
    const lines = this.#below(1)
    return lines === null ? undefined : (lines[0] ?? null)
  }

  /** Up to so many lines below; null if they are not all known yet. */
  after(most: number): readonly string[] | null {
    return this.#below(most)
  }

  /** Up to so many lines above, in their order. */
  before(most: number): readonly string[] {
    const lines: string[] = []
    const above = this.above()
    for (let line = above(); line !== null && lines.length < most; line = above()) lines.unshift(line)
    return lines
  }

  /** Gives the line above, then that above it. */
  above(): () => string | null {
    let at = this.#start
    return () => {
      if (at <= this.#floor) return null
      const end = at - 1
      const found = end === 0 ? -1 : this.#bytes.lastIndexOf(newline, end - 1)
      if (found < this.#floor && !this.#isTextStart) return null
      at = Math.max(this.#floor, found + 1)
      return decode(this.#bytes, at, withoutReturn(this.#bytes, at, end))
    }
  }

  #newlineFrom(at: number): number {
    const found = this.#bytes.indexOf(newline, at)
    return found < this.#ceiling ? found : -1
  }

  #below(most: number): string[] | null {
    const lines: string[] = []
    let at = this.#behind
    while (lines.length < most && at < this.#ceiling) {
      const found = this.#newlineFrom(at)
      if (found === -1 && !this.#isAllThere) return null
      if (found === -1 && !this.#isTextEnd) return lines
      const end = found === -1 ? this.#ceiling : found
      lines.push(decode(this.#bytes, at, withoutReturn(this.#bytes, at, end)))
      at = end + 1
    }
    return lines.length < most && !this.#isAllThere ? null : lines
  }

  /** The offset behind so many lines below. */
  endAfter(lines: number): number {
    let at = this.#behind
    for (let count = 0; count < lines; count++) {
      const found = this.#newlineFrom(at)
      at = found === -1 ? this.#ceiling : found + 1
    }
    return this.#offset + at - this.#start
  }
}

function decode(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('utf8', from, to)
}

function withoutReturn(bytes: Buffer, from: number, to: number): number {
  return to > from && bytes[to - 1] === carriageReturn ? to - 1 : to
}
