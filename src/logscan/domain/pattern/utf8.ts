import type { CharSet } from './char-set.ts'

/** One to four ranges of bytes, one after the other. */
export type ByteRanges = readonly (readonly [from: number, to: number])[]

const lengthEnds = [0x7f, 0x7ff, 0xffff, 0x10ffff]

/** The UTF-8 of the characters, as sequences of byte ranges. Surrogates have none. */
export function utf8Ranges(set: CharSet): ByteRanges[] {
  const found: ByteRanges[] = []
  for (const [from, to] of set) {
    if (from <= 0xd7ff) split(from, Math.min(to, 0xd7ff), found)
    if (to >= 0xe000) split(Math.max(from, 0xe000), to, found)
  }
  return found
}

/** Cuts until all of a range has one length and differs in its last bytes over their whole extent. */
function split(from: number, to: number, found: ByteRanges[]): void {
  if (from > to) return
  for (const end of lengthEnds)
    if (from <= end && end < to) {
      split(from, end, found)
      split(end + 1, to, found)
      return
    }
  if (to > 0x7f)
    for (let bits = 6; bits <= 18; bits += 6) {
      const mask = (1 << bits) - 1
      if ((from & ~mask) === (to & ~mask)) break
      if ((from & mask) !== 0) {
        split(from, from | mask, found)
        split((from | mask) + 1, to, found)
        return
      }
      if ((to & mask) !== mask) {
        split(from, (to & ~mask) - 1, found)
        split(to & ~mask, to, found)
        return
      }
    }
  const [low, high] = [utf8(from), utf8(to)]
  found.push(low.map((byte, index) => [byte, high[index] as number] as const))
}

function utf8(code: number): number[] {
  if (code <= 0x7f) return [code]
  const tail = (shift: number) => 0x80 | ((code >> shift) & 0x3f)
  if (code <= 0x7ff) return [0xc0 | (code >> 6), tail(0)]
  if (code <= 0xffff) return [0xe0 | (code >> 12), tail(6), tail(0)]
  return [0xf0 | (code >> 18), tail(12), tail(6), tail(0)]
}
