import { type ByteSet, bytesOf } from '../pattern/byte-set.ts'
import { FourBytes } from './four-bytes.ts'
import { maskOf, NibbleShares } from './nibbles.ts'

/** What the sample does not show is rare, not impossible: it is counted as so many. */
const unseen = 0.02
const textsCountedMax = 64

/** How often bytes, and pairs of bytes, stand in a sample. */
export class Frequencies {
  /** The share of places at which each byte stands. */
  readonly bytes = new Float64Array(256)
  readonly nibbles: NibbleShares
  readonly fourBytes: FourBytes
  readonly #counts = new Uint32Array(256)
  /** At `first * 256 + second` how often `second` follows `first`. */
  readonly #pairs = new Uint32Array(65_536)
  readonly #scratch: readonly [Float64Array, Float64Array] = [new Float64Array(256), new Float64Array(256)]
  readonly #nibblesOf = new Map<ByteSet, { readonly mask: number; readonly passing: number }>()

  constructor(sample: Uint8Array) {
    this.fourBytes = new FourBytes(sample)
    let before = 10
    for (let at = 0; at < sample.length; at++) {
      const byte = sample[at] as number
      this.#counts[before] = (this.#counts[before] as number) + 1
      this.#pairs[before * 256 + byte] = (this.#pairs[before * 256 + byte] as number) + 1
      before = byte
    }
    const total = sample.length + 256 * unseen
    for (let byte = 0; byte < 256; byte++) this.bytes[byte] = ((this.#counts[byte] as number) + unseen) / total
    this.nibbles = new NibbleShares(this.bytes)
  }

  /** The share of places at which four bytes of the sets stand; null where there are none, or too many texts to count. */
  countedShare(sets: readonly ByteSet[]): number | null {
    let texts = [0]
    for (const [index, set] of sets.entries()) {
      const bytes = bytesOf(set)
      if (bytes.length * texts.length > textsCountedMax) return null
      texts = texts.flatMap((text) => bytes.map((byte) => (text | (byte << (8 * index))) >>> 0))
    }
    const count = texts.reduce((sum, text) => sum + this.fourBytes.countOf(text), 0)
    return count === 0 ? null : count / this.fourBytes.total
  }

  /** The share of places at which bytes of the sets stand one after the other, as if each depended on that before it alone. */
  estimate(sets: readonly ByteSet[]): number {
    let [shares, next] = this.#scratch
    for (const [index, set] of sets.entries()) {
      const before = index === 0 ? null : bytesOf(sets[index - 1] as ByteSet)
      for (const byte of bytesOf(set)) {
        let share = before === null ? (this.bytes[byte] as number) : 0
        if (before !== null)
          for (const first of before) share += (shares[first] as number) * this.#following(first, byte)
        next[byte] = share
      }
      ;[shares, next] = [next, shares]
    }
    return bytesOf(sets.at(-1) as ByteSet).reduce((sum, byte) => sum + (shares[byte] as number), 0)
  }

  /** The nibbles of a set as a mask, and the share of places whose byte the mask lets through. */
  nibblesOf(set: ByteSet): { readonly mask: number; readonly passing: number } {
    const known = this.#nibblesOf.get(set)
    if (known !== undefined) return known
    const mask = maskOf(set)
    const made = { mask, passing: this.nibbles.through(mask) }
    this.#nibblesOf.set(set, made)
    return made
  }

  #following(first: number, second: number): number {
    return ((this.#pairs[first * 256 + second] as number) + unseen / 256) / ((this.#counts[first] as number) + unseen)
  }
}
