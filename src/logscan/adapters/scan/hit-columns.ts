import type { HitBatch } from '../../domain/scan/scan-request.ts'

/** Lines of a batch at most. */
export const batchLinesMax = 4096

/** What is told of the hit lines of a batch, in columns. */
export class HitColumns {
  readonly #words: number
  readonly #newlines = new Float64Array(batchLinesMax)
  readonly #patterns: Uint32Array
  readonly #times = new Float64Array(batchLinesMax)
  readonly #levels = new Uint8Array(batchLinesMax)
  #count = 0

  /** So many words of bits say which patterns match a line. */
  constructor(words: number) {
    this.#words = words
    this.#patterns = new Uint32Array(batchLinesMax * words)
  }

  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count === batchLinesMax
  }

  /** The time in ms since the epoch, null if unknown; the level as an index of `levels`. */
  add(newlines: number, patterns: Uint32Array, time: number | null, level: number): void {
    this.#newlines[this.#count] = newlines
    this.#patterns.set(patterns, this.#count * this.#words)
    this.#times[this.#count] = time ?? Number.NaN
    this.#levels[this.#count] = level
    this.#count++
  }

  /** Gives what was added, good until more is; begins anew. */
  take(): Pick<HitBatch, 'count' | 'newlines' | 'patterns' | 'words' | 'times' | 'levels'> {
    const count = this.#count
    this.#count = 0
    return {
      count,
      words: this.#words,
      newlines: this.#newlines.subarray(0, count),
      patterns: this.#patterns.subarray(0, count * this.#words),
      times: this.#times.subarray(0, count),
      levels: this.#levels.subarray(0, count),
    }
  }
}
