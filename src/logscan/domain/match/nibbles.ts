import { type ByteSet, bytesOf } from '../pattern/byte-set.ts'

/** For each place of a window the low nibbles that it lets through in the lower 16 bits, the high ones in the upper. */
export type Masks = readonly number[]

/** A byte as the bits that a mask must have to let it through. */
export function bitsOf(byte: number): number {
  return (1 << (byte & 15)) | (1 << (16 + (byte >> 4)))
}

export function maskOf(set: ByteSet): number {
  return bytesOf(set).reduce((mask, byte) => mask | bitsOf(byte), 0)
}

export function joined(one: Masks, other: Masks): Masks {
  return one.map((mask, place) => mask | (other[place] as number))
}

/** What share of all bytes masks let through, for bytes of which each has a share of its own. */
export class NibbleShares {
  /** For each high nibble the share of each set of the lower eight low ones, then of the upper eight. */
  readonly #sums = new Float64Array(16 * 512)

  constructor(shares: Float64Array) {
    for (let high = 0; high < 16; high++)
      for (const half of [0, 1])
        for (let set = 1; set < 256; set++) {
          const lowest = 31 - Math.clz32(set & -set)
          const at = high * 512 + half * 256
          const rest = this.#sums[at + (set & (set - 1))] as number
          this.#sums[at + set] = rest + (shares[high * 16 + half * 8 + lowest] as number)
        }
  }

  /** At one place. */
  through(mask: number): number {
    let share = 0
    for (let high = 0; high < 16; high++)
      if ((mask >>> (16 + high)) & 1)
        share +=
          (this.#sums[high * 512 + (mask & 255)] as number) +
          (this.#sums[high * 512 + 256 + ((mask >>> 8) & 255)] as number)
    return share
  }

  /** At all places, as if bytes came independently of each other. */
  throughAll(masks: Masks): number {
    let share = 1
    for (const mask of masks) share *= this.through(mask)
    return share
  }
}
