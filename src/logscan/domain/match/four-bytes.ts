const emptyCount = 0

/** Counts how often each text of four bytes stands in a sample. */
export class FourBytes {
  /** A hash table, at most half full: the texts as numbers, lowest byte first, and their counts. */
  readonly #texts: Uint32Array
  readonly #counts: Uint32Array
  readonly #shift: number
  readonly total: number

  constructor(sample: Uint8Array) {
    this.total = Math.max(0, sample.length - 3)
    const bits = Math.max(4, Math.ceil(Math.log2(2 * this.total + 1)))
    this.#shift = 32 - bits
    this.#texts = new Uint32Array(1 << bits)
    this.#counts = new Uint32Array(1 << bits)
    let text = 0
    for (let at = 0; at < sample.length; at++) {
      text = ((text >>> 8) | ((sample[at] as number) << 24)) >>> 0
      if (at < 3) continue
      const slot = this.#slotOf(text)
      this.#texts[slot] = text
      this.#counts[slot] = (this.#counts[slot] as number) + 1
    }
  }

  countOf(text: number): number {
    return this.#counts[this.#slotOf(text)] as number
  }

  /** The most frequent texts with their counts; those at the end of many with the same count by chance. */
  commonest(most: number): readonly (readonly [text: number, count: number])[] {
    const least = Math.max(2, this.#countOfRank(most))
    const slots: number[] = []
    for (let slot = 0; slot < this.#counts.length; slot++) if ((this.#counts[slot] as number) >= least) slots.push(slot)
    return slots
      .sort((a, b) => (this.#counts[b] as number) - (this.#counts[a] as number))
      .slice(0, most)
      .map((slot) => [this.#texts[slot] as number, this.#counts[slot] as number])
  }

  /** The count that so many texts reach at least, as far as there are so many; counts beyond 255 are not told apart. */
  #countOfRank(rank: number): number {
    const texts = new Uint32Array(256)
    for (const count of this.#counts)
      if (count > 1) texts[Math.min(count, 255)] = (texts[Math.min(count, 255)] as number) + 1
    let [count, left] = [255, rank]
    for (; count > 1 && left > (texts[count] as number); count--) left -= texts[count] as number
    return count
  }

  /** Where the text stands, or has its place. */
  #slotOf(text: number): number {
    let slot = Math.imul(text, 0x9e3779b1) >>> this.#shift
    while ((this.#counts[slot] as number) !== emptyCount && this.#texts[slot] !== text)
      slot = (slot + 1) & (this.#counts.length - 1)
    return slot
  }
}
