import type { Program } from '../../domain/pattern/program.ts'
import { States } from '../../domain/pattern/states.ts'

/** Flags of an entry, as the kernel reads them. */
const accepting = 1
const lineEnds = 2
const unknown = 1
const newline = 10

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

  get states(): number {
    return this.#states.count
  }

  /** States that there is room for. Each byte that is read makes one more at most. */
  get room(): number {
    return this.#rowsMax - this.#states.count
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
