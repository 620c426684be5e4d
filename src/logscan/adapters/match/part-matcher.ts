import type { MatchPart } from '../../domain/match/match-plan.ts'
import { AutomatonTable } from './automaton-table.ts'
import { createKernel, type Kernel } from './kernel.ts'
import type { MatcherMemory } from './matcher-memory.ts'

/** Bytes that are matched in one call of the kernel. */
export const sliceBytes = 65_536
/** Room for the automaton's rows, of which a page takes memory only once it is used. */
const rowsBytes = 8 << 20
/** With less room for new states than that, the old ones are forgotten. */
const roomMin = 64
const streams = 4
const stateBytes = 96
/** In four streams each has a quarter of the slice, and a line more; a line has a byte at least. */
const recordsPerStream = sliceBytes / streams + 260
/** Where more of the bytes than that are in lines that the filter lets through, reading all of them is faster. */
const readShareMax = 0.4
/** Slices read whole before the filter is tried again. */
const slicesWhole = 32

/** Of a part's pass over some lines: what it found, as records of the kernel. */
export interface PartHits {
  readonly newlines: number
  /** Runs of records in the order of lines, each with the newlines before it. */
  readonly runs: readonly { readonly at: number; readonly count: number; readonly newlines: number }[]
}

/** Runs the kernel for the patterns of one part. */
export class PartMatcher {
  readonly #kernel: Kernel
  readonly #memory: MatcherMemory
  readonly #table: AutomatonTable
  readonly #hasFilter: boolean
  readonly #stateAt: number
  readonly #recordsAt: number
  readonly #countersAt: number
  /** Numbers of the patterns, in their order. */
  readonly patterns: readonly number[]
  readonly words: number
  readonly recordWords: number
  #wholeLeft = 0
  #bytesMatched = 0

  constructor({ program, filter, patterns }: MatchPart, memory: MatcherMemory, { counts }: { counts: boolean }) {
    this.#memory = memory
    this.patterns = patterns
    const rowsAt = memory.take(rowsBytes)
    this.#table = new AutomatonTable(program, new Uint32Array(memory.buffer, rowsAt, rowsBytes / 4))
    const { symbolOffsets, acceptsOffset, words } = this.#table
    this.words = words
    this.recordWords = 3 + words
    const offsetsAt = memory.take(symbolOffsets.byteLength)
    new Uint16Array(memory.buffer, offsetsAt, 256).set(symbolOffsets)
    this.#stateAt = memory.take(stateBytes + streams * words * 4)
    this.#countersAt = counts ? memory.take(words * 32 * 4) : 0
    const bytesPerStream = recordsPerStream * this.recordWords * 4
    this.#recordsAt = counts ? 0 : memory.take(streams * bytesPerStream)
    this.#kernel = createKernel(memory.memory, this.#table.transition)
    this.#kernel.setAutomaton(offsetsAt, rowsAt, acceptsOffset, words)
    this.#kernel.setOutput(this.#stateAt, this.#countersAt, this.#recordsAt, bytesPerStream)
    this.#hasFilter = filter !== null
    if (filter !== null) {
      // In front of its tables the kernel keeps the places that the filter let through.
      const filterAt = memory.take(filter.tables.byteLength + 64) + 64
      new Uint8Array(memory.buffer, filterAt, filter.tables.byteLength).set(filter.tables)
      this.#kernel.setFilter(filterAt)
    }
  }

  /** Lines counted for each pattern of the part. */
  get counts(): Uint32Array {
    return new Uint32Array(this.#memory.buffer, this.#countersAt, this.patterns.length)
  }

  /** Bytes that the automaton has read. */
  get bytesMatched(): number {
    return this.#bytesMatched
  }

  /** The bytes that may be read at once: each can make a state, for which there must be room. */
  bytesAtOnce(): number {
    return Math.min(sliceBytes, this.#makeRoom())
  }

  #makeRoom(): number {
    const room = this.#table.takeRoom()
    if (room >= roomMin) return room
    this.#kernel.setCurrentRow(this.#table.forgetAllBut(this.#kernel.currentRow()))
    return Math.max(1, this.#table.takeRoom())
  }

  /** Matches whole lines, `bytesAtOnce` bytes at most; calls back for each stretch of them, in order. */
  match(from: number, to: number, found: (hits: PartHits) => void): void {
    if (!this.#hasFilter || this.#wholeLeft > 0) {
      this.#wholeLeft--
      this.#kernel.scanAll(from, to)
      this.#bytesMatched += this.#kernel.takeBytesMatched()
      found(this.#hits(streams))
      return
    }
    let read = 0
    for (let at = from; at < to; ) {
      at = this.#kernel.scanFiltered(at, to, recordsPerStream)
      found(this.#hits(1))
      read += this.#kernel.takeBytesMatched()
    }
    this.#bytesMatched += read
    if (read > (to - from) * readShareMax) this.#wholeLeft = slicesWhole
  }

  beginLongLine(): void {
    this.#kernel.beginLongLine()
  }

  readLongLine(from: number, end: number): number {
    return this.#kernel.readLongLine(from, end)
  }

  /** Ends the long line at its newline. Whether it matched; its words are those of the first record. */
  endLongLine(newlineAt: number): PartHits {
    this.#makeRoom()
    this.#kernel.readLongLine(newlineAt, newlineAt + 1)
    this.#kernel.endLongLine()
    this.#bytesMatched += this.#kernel.takeBytesMatched()
    return this.#hits(1)
  }

  #hits(used: number): PartHits {
    const state = new Uint32Array(this.#memory.buffer, this.#stateAt, 8)
    const runs: PartHits['runs'][number][] = []
    let newlines = 0
    for (let stream = 0; stream < used; stream++) {
      const count = state[stream] as number
      if (count > 0)
        runs.push({ at: this.#recordsAt / 4 + stream * recordsPerStream * this.recordWords, count, newlines })
      newlines += state[4 + stream] as number
    }
    return { newlines, runs }
  }
}
