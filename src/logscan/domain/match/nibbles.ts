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

/** The share of places that the masks let through, as if bytes came independently of each other. */
export function shareThrough(masks: Masks, shares: Float64Array): number {
  let share = 1
  for (const mask of masks) {
    let passing = 0
    for (let high = 0; high < 16; high++)
      if ((mask >>> (16 + high)) & 1)
        for (let low = 0; low < 16; low++) if ((mask >>> low) & 1) passing += shares[high * 16 + low] as number
    share *= passing
  }
  return share
}
