import type { MatchPart } from '../../domain/match/match-plan.ts'
import { MatcherMemory } from './matcher-memory.ts'
import { type PartHits, PartMatcher, sliceBytes } from './part-matcher.ts'

/** A line that matches. */
export interface HitLine {
  /** Bytes before it in the text. */
  readonly offset: number
  /** Its bytes, without the newline and a carriage return before it. */
  readonly length: number
  /** Newlines before it, counted from where the scan begins. */
  readonly newlines: number
  /** The patterns that match, as words of bits. */
  readonly words: Uint32Array
  /** The line is longer than `longLineBytes`: this is how it begins. Null for others, which are held. */
  readonly start: Buffer | null
}

/** Text that is held: `bytes.subarray(from, to)` begins with the byte `offset` of the whole. */
export interface HeldText {
  readonly bytes: Buffer
  readonly from: number
  readonly to: number
  readonly offset: number
  /** Nothing comes before it, but for a byte order mark. */
  readonly isStart: boolean
  /** Nothing comes after it. */
  readonly isAll: boolean
}

/** What is done with hit lines, in their order. */
export interface HitReader {
  /** False if more of the text behind the line is needed; at `lookAheadBytes` behind it no more is to be had. */
  read(line: HitLine, text: HeldText): boolean
}

export interface LineScanOptions {
  readonly parts: readonly MatchPart[]
  readonly patterns: number
  /** Bytes that are read at once. */
  readonly chunkBytes: number
  /** Null where lines are only counted. */
  readonly reader: HitReader | null
}

/** Text before and behind a hit line that the reader may look at. */
export const lookBehindBytes = 32_768
export const lookAheadBytes = 32_768
/** Lines longer than that are not held; only so much of them is shown. */
export const longLineBytes = sliceBytes

const leadBytes = 2 * (lookBehindBytes + lookAheadBytes + 2 * longLineBytes)
const slackBytes = 256
/** With less room than that, what is held is moved to make more. */
const roomMinBytes = 16_384
const partBytes = 13 << 20
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])
/** A line has a byte at least, so that no counter of 32 bits overflows before. */
const uncountedBytesMax = 2 ** 31
const newline = 10
const carriageReturn = 13

interface LongLine {
  readonly offset: number
  readonly start: Buffer
  length: number
  endsWithReturn: boolean
}

/**
 * Matches a text, or a range of one, that is given chunk by chunk: the lines that start in the range, of which the last may end
 * behind it. The answer does not depend on the chunks. Memory is bounded, whatever the length of a line.
 */
export class LineScan {
  readonly #parts: readonly PartMatcher[]
  readonly #words: number
  readonly #memory: MatcherMemory
  readonly #bytes: Buffer
  readonly #reader: HitReader | null
  readonly #chunkAt: number
  readonly #chunkBytes: number
  readonly #waiting: HitLine[] = []
  /** Address + base = offset in the text. */
  #base = 0
  /** Addresses: what is held, and what of it is yet to be matched. */
  #held = 0
  #at = 0
  #end = 0
  #from = 0
  #limit = 0
  /** Lines that start before it are of the range: its limit, but for a first line behind a byte order mark. */
  #startsBefore = 0
  /** Offset behind the byte order mark. */
  #textStart = 0
  #newlines = 0
  #isSkipping = false
  #mayHaveMark = false
  #isMatched = true
  #long: LongLine | null = null
  readonly #counts: Float64Array
  #uncountedBytes = 0

  constructor({ parts, patterns, chunkBytes, reader }: LineScanOptions) {
    this.#words = Math.max(1, Math.ceil(patterns / 32))
    this.#memory = new MatcherMemory(parts.length * partBytes + leadBytes + chunkBytes + slackBytes)
    this.#parts = parts.map((part) => new PartMatcher(part, this.#memory, { counts: reader === null }))
    this.#chunkBytes = chunkBytes
    this.#chunkAt = this.#memory.take(leadBytes + chunkBytes + slackBytes) + leadBytes
    this.#bytes = Buffer.from(this.#memory.buffer)
    this.#reader = reader
    this.#counts = new Float64Array(this.#words * 32)
  }

  /** Begins with a range of a text; says at which offset its reading has to begin. */
  begin(from: number, limit: number): number {
    const start = from === 0 ? 0 : Math.max(0, from - (this.#reader === null ? 1 : lookBehindBytes + 1))
    this.#held = this.#at = this.#end = this.#chunkAt
    this.#base = start - this.#chunkAt
    this.#from = from
    this.#limit = this.#startsBefore = limit
    this.#newlines = 0
    this.#isSkipping = from > 0
    this.#mayHaveMark = from === 0
    this.#textStart = 0
    this.#isMatched = false
    this.#long = null
    return start
  }

  /** Newlines in the range, so far. */
  get newlines(): number {
    return this.#newlines
  }

  /** No more text is needed. */
  get isDone(): boolean {
    return this.#isMatched && this.#waiting.length === 0
  }

  /** Lines counted for each pattern since it was asked last. */
  takeCounts(): Float64Array {
    this.#addCounts()
    const counts = this.#counts.slice()
    this.#counts.fill(0)
    return counts
  }

  /** The kernel's counters have 32 bits; a stream may be endless. */
  #addCounts(): void {
    this.#uncountedBytes = 0
    for (const part of this.#parts) {
      for (const [index, pattern] of part.patterns.entries())
        this.#counts[pattern] = (this.#counts[pattern] as number) + (part.counts[index] as number)
      part.counts.fill(0)
    }
  }

  /** Bytes that were read by the automaton, for those who want to know. */
  get bytesMatched(): number {
    return this.#parts.reduce((sum, part) => sum + part.bytesMatched, 0)
  }

  /** Where the next text goes: `chunkBytes` at most. */
  room(): Buffer {
    const roomEnd = this.#chunkAt + this.#chunkBytes
    if (roomEnd - this.#end < roomMinBytes) this.#makeRoom()
    return this.#bytes.subarray(this.#end, roomEnd)
  }

  /** So many bytes of text are in the room. */
  added(bytes: number): void {
    this.#end += bytes
    this.#uncountedBytes += bytes
    if (!this.#isMatched) this.#match()
    if (this.#reader === null && this.#uncountedBytes > uncountedBytesMax) this.#addCounts()
    this.#read(false)
  }

  /** There is no more text. */
  finish(): void {
    if (!this.#isMatched) this.#matchRest()
    this.#isMatched = true
    this.#read(true)
  }

  #makeRoom(): void {
    const behind = this.#reader === null ? 1 : lookBehindBytes + 1
    const waiting = this.#waiting[0]
    const needed = waiting === undefined ? this.#at : Math.min(this.#at, heldFrom(waiting) - this.#base)
    const keepFrom = Math.max(this.#held, Math.min(needed, this.#end) - behind)
    const kept = this.#end - keepFrom
    const to = this.#chunkAt - kept
    if (to === keepFrom) return
    this.#bytes.copyWithin(to, keepFrom, this.#end)
    const moved = keepFrom - to
    this.#base += moved
    this.#held = to
    this.#at -= moved
    this.#end = this.#chunkAt
  }

  #match(): void {
    if (this.#mayHaveMark && !this.#skipMark(false)) return
    if (this.#isSkipping && !this.#skipFirst()) return
    if (this.#long !== null && !this.#readLong(this.#end)) return
    if (this.#at + this.#base >= this.#startsBefore) {
      this.#endRange()
      return
    }
    const limitAt = this.#startsBefore - this.#base
    const last = this.#end < limitAt ? -1 : this.#newlineIn(Math.max(this.#at, limitAt - 1), this.#end)
    const whole = last === -1 ? this.#lastNewline(this.#at, this.#end) : last
    if (whole !== -1) this.#matchLines(whole + 1)
    if (last !== -1) this.#endRange()
    else if (this.#end - this.#at >= longLineBytes) {
      this.#beginLong()
      this.#readLong(this.#end)
    }
  }

  /** A byte order mark is not part of the first line. False if it cannot be told yet. */
  #skipMark(isAll: boolean): boolean {
    if (this.#end - this.#at < byteOrderMark.length && !isAll) return false
    this.#mayHaveMark = false
    const behind = Math.min(this.#at + byteOrderMark.length, this.#end)
    if (!this.#bytes.subarray(this.#at, behind).equals(byteOrderMark)) return true
    this.#at = this.#held = behind
    this.#textStart = byteOrderMark.length
    this.#startsBefore = Math.max(this.#limit, byteOrderMark.length + 1)
    return true
  }

  /** The first line that starts in the range is behind the first newline from the byte before the range on. */
  #skipFirst(): boolean {
    const found = this.#newlineIn(Math.max(this.#at, this.#from - 1 - this.#base), this.#end)
    this.#at = found === -1 ? this.#end : found + 1
    if (found === -1) {
      if (this.#at + this.#base >= this.#limit) this.#isMatched = true
      return false
    }
    const offset = found + this.#base
    if (offset >= this.#from && offset < this.#limit) this.#newlines++
    this.#isSkipping = false
    if (offset >= this.#limit - 1) this.#isMatched = true
    return !this.#isMatched
  }

  /** The newline of the last line may lie behind the range, and is counted by the next then. */
  #endRange(): void {
    this.#isMatched = true
    if (this.#at + this.#base > this.#limit) this.#newlines--
  }

  /** Matches whole lines up to an address, slice by slice. */
  #matchLines(to: number): void {
    this.#bytes[this.#at - 1] = newline
    while (this.#at < to) {
      const atOnce = Math.min(...this.#parts.map((part) => part.bytesAtOnce()))
      let end = Math.min(this.#at + atOnce, to)
      if (end < to) end = this.#lastNewline(this.#at, end) + 1
      if (end === 0) {
        this.#beginLong()
        this.#readLong(to)
      } else {
        this.#matchSlice(this.#at, end)
        this.#at = end
      }
    }
  }

  #matchSlice(from: number, to: number): void {
    const [only, ...others] = this.#parts
    if (only === undefined) return
    let newlines = 0
    if (others.length === 0) {
      only.match(from, to, (hits) => {
        this.#take(only, hits, this.#newlines + newlines, this.#waiting)
        newlines += hits.newlines
      })
      this.#newlines += newlines
      return
    }
    const found: HitLine[] = []
    for (const part of this.#parts) {
      newlines = 0
      part.match(from, to, (hits) => {
        this.#take(part, hits, this.#newlines + newlines, found)
        newlines += hits.newlines
      })
    }
    this.#newlines += newlines
    this.#waiting.push(...joinedByLine(found))
  }

  #take(part: PartMatcher, { runs }: PartHits, newlinesBefore: number, into: HitLine[]): void {
    if (this.#reader === null) return
    const memory = new Uint32Array(this.#memory.buffer)
    const firstWord = (part.patterns[0] as number) >> 5
    for (const { at, count, newlines } of runs)
      for (let index = 0; index < count; index++) {
        const record = at + index * part.recordWords
        const start = memory[record] as number
        const end = memory[record + 1] as number
        const words = new Uint32Array(this.#words)
        for (let word = 0; word < part.words; word++) words[firstWord + word] = memory[record + 3 + word] as number
        const withReturn = end > start && this.#bytes[end - 1] === carriageReturn
        into.push({
          offset: start + this.#base,
          length: end - start - (withReturn ? 1 : 0),
          newlines: newlinesBefore + newlines + (memory[record + 2] as number),
          words,
          start: null,
        })
      }
  }

  #beginLong(): void {
    const start = Buffer.from(this.#bytes.subarray(this.#at, Math.min(this.#at + longLineBytes, this.#end)))
    this.#long = { offset: this.#at + this.#base, start, length: 0, endsWithReturn: false }
    for (const part of this.#parts) part.beginLongLine()
  }

  /** Reads on in the long line; true if its newline came before `to`. */
  #readLong(to: number): boolean {
    const long = this.#long as LongLine
    const found = this.#newlineIn(this.#at, to)
    const end = found === -1 ? to : found
    for (const part of this.#parts)
      for (let at = this.#at; at < end; ) at = part.readLongLine(at, Math.min(at + part.bytesAtOnce(), end))
    if (end > this.#at) long.endsWithReturn = this.#bytes[end - 1] === carriageReturn
    long.length += end - this.#at
    this.#at = end
    if (found === -1) return false
    this.#endLong(found)
    this.#at = found + 1
    this.#newlines++
    return true
  }

  /** Ends the long line at its newline. */
  #endLong(newlineAt: number): void {
    const { offset, start, length, endsWithReturn } = this.#long as LongLine
    this.#long = null
    const shown = length - (endsWithReturn ? 1 : 0)
    // For want of room for states a shorter line was read like a long one; it is held.
    const line = { offset, length: shown, start: length < longLineBytes ? null : start.subarray(0, shown) }
    const found: HitLine[] = []
    for (const part of this.#parts) {
      const before = found.length
      this.#take(part, part.endLongLine(newlineAt), this.#newlines, found)
      if (found.length > before) found.push({ ...(found.pop() as HitLine), ...line })
    }
    this.#waiting.push(...joinedByLine(found))
  }

  /** What is left at the end of the text is a line without newline. */
  #matchRest(): void {
    if (this.#mayHaveMark) {
      this.#skipMark(true)
      this.#match()
    }
    if (this.#isSkipping) return
    this.#bytes[this.#end] = newline
    if (this.#long !== null) {
      this.#endLong(this.#end)
      return
    }
    if (this.#at >= this.#end || this.#at + this.#base >= this.#startsBefore) return
    this.#matchLines(this.#end + 1)
    this.#newlines--
  }

  #read(isAll: boolean): void {
    if (this.#reader === null) {
      this.#waiting.length = 0
      return
    }
    const offset = this.#held + this.#base
    const isStart = offset === this.#textStart
    const text = { bytes: this.#bytes, from: this.#held, to: this.#end, offset, isStart, isAll }
    let read = 0
    for (const line of this.#waiting) {
      if (!this.#reader.read(line, text)) break
      read++
    }
    this.#waiting.splice(0, read)
  }

  #newlineIn(from: number, to: number): number {
    const found = from >= to ? -1 : this.#bytes.subarray(from, to).indexOf(newline)
    return found === -1 ? -1 : from + found
  }

  #lastNewline(from: number, to: number): number {
    const found = from >= to ? -1 : this.#bytes.subarray(from, to).lastIndexOf(newline)
    return found === -1 ? -1 : from + found
  }
}

/** A long line is not held, what follows it is. */
function heldFrom({ offset, length, start }: HitLine): number {
  return start === null ? offset : offset + length
}

/** Several parts may have matched the same line. */
function joinedByLine(found: HitLine[]): HitLine[] {
  const lines = new Map<number, HitLine>()
  for (const line of found) {
    const known = lines.get(line.offset)
    if (known === undefined) lines.set(line.offset, line)
    else for (const [index, word] of line.words.entries()) known.words[index] = (known.words[index] as number) | word
  }
  return [...lines.values()].sort((a, b) => a.offset - b.offset)
}
