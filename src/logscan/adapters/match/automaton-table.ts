import type { Program } from '../../domain/pattern/program.ts'
import { States } from '../../domain/pattern/states.ts'

/** Flags of an entry, as the kernel reads them. */
const accepting = 1
const lineEnds = 2
const unknown = 1
const newline = 10
/** Numbers that the states may hold, so that their memory is bounded as that of their rows is. */
const sizeMax = 500_000
/** What may be made at once while hardly any states are made, as is usual; one such burst goes beyond what they may hold. */
const sizeAtOnceMax = 6_000_000
const calmMax = 64
const statesAtOnceMax = 1024

/**
 * The automaton's rows in the kernel's memory, made as they are needed. When they fill the room they are forgotten, so that
 * any pattern has bounded memory and linear time.
 */
export class AutomatonTable {
  readonly symbolOffsets: Uint16Array
  /** Where in a row its accepted patterns stand. */
  readonly acceptsOffset: number
  readonly words: number
  readonly #states: States
  readonly #rows: Uint32Array
  readonly #rowWords: number
  readonly #rowsMax: number
  #made = 0
  #countBefore = 0

  /** `rows` is the room for them, in words of 32 bits. */
  constructor(program: Program, rows: Uint32Array) {
    this.#states = new States(program)
    this.words = this.#states.acceptWords
    this.acceptsOffset = this.#states.symbols * 4
    this.#rowWords = this.#states.symbols + this.words
    this.#rows = rows
    this.#rowsMax = Math.floor(rows.length / this.#rowWords)
    this.symbolOffsets = Uint16Array.from(this.#states.symbolOf, (symbol) => symbol * 4)
    this.symbolOffsets[newline] = (this.#states.symbols - 1) * 4
    this.#fill()
  }

  /** States that may be made until it is asked again, which depends on how many were made since; each byte makes one at most. */
  takeRoom(): number {
    const { all, largest } = this.#states.size
    const isCalm = this.#countBefore > 0 && this.#states.count - this.#countBefore < calmMax
    this.#countBefore = this.#states.count
    if (all > sizeMax) return 0
    const atOnce = isCalm ? Math.ceil(sizeAtOnceMax / largest) : statesAtOnceMax
    return Math.min(this.#rowsMax - this.#states.count, atOnce)
  }

  /** The kernel's question: what follows a row at a symbol. */
  readonly transition = (row: number, symbolOffset: number): number => {
    const symbol = symbolOffset / 4
    const next = this.#states.next(row / (this.#rowWords * 4), symbol)
    this.#fill()
    const accepts = this.#states.acceptedBy(next).some((word) => word !== 0)
    const ends = symbol === this.#states.symbols - 1
    const entry = next * this.#rowWords * 4 + (accepts ? accepting : 0) + (ends ? lineEnds : 0)
    this.#rows[(row + symbolOffset) / 4] = entry
    return entry
  }

  /** Forgets all rows but the first and the given one, and says where that one is now. */
  forgetAllBut(row: number): number {
    const kept = this.#states.forgetAllBut(row / (this.#rowWords * 4))
    this.#made = 0
    // Who fills the room once is likely to fill it again.
    this.#countBefore = 0
    this.#fill()
    return kept * this.#rowWords * 4
  }

  #fill(): void {
    for (; this.#made < this.#states.count; this.#made++) {
      const at = this.#made * this.#rowWords
      this.#rows.fill(unknown, at, at + this.#states.symbols)
      this.#rows.set(this.#states.acceptedBy(this.#made), at + this.#states.symbols)
    }
  }
}
