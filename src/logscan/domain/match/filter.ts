import { bytesOf } from '../pattern/byte-set.ts'
import { type Bucket, bucketCount } from './buckets.ts'
import { type Window, windowPlaces } from './windows.ts'

const nibbles = 16
const boundsAt = 2 * windowPlaces * nibbles
const textBytes = 16
const textsAt = boundsAt + 3 * 16
/** The part of a text that is compared begins so many bytes before its window. */
const bytesBefore = 8

/**
 * The tables of the filter: for each of four places 16 bytes by low nibble, the same by high nibble, where a bit stands for a
 * bucket; then for each bucket where its texts begin (9 x u32, the last is the end), and the texts, each as 16 bytes that say
 * which bits count and 16 that say what they are.
 */
export function filterTables(buckets: readonly Bucket[]): Uint8Array {
  const texts = buckets.flatMap(({ windows }) => windows).length
  const tables = new Uint8Array(textsAt + texts * 2 * textBytes)
  const bounds = new DataView(tables.buffer, boundsAt)
  let at = textsAt
  for (const [index, { windows, masks }] of buckets.entries()) {
    for (const [place, mask] of masks.entries())
      for (let nibble = 0; nibble < nibbles; nibble++) {
        if ((mask >>> nibble) & 1) setBit(tables, place * nibbles + nibble, index)
        if ((mask >>> (16 + nibble)) & 1) setBit(tables, (windowPlaces + place) * nibbles + nibble, index)
      }
    bounds.setUint32(index * 4, at, true)
    for (const window of windows) {
      writeText(tables.subarray(at, at + 2 * textBytes), window)
      at += 2 * textBytes
    }
  }
  bounds.setUint32(bucketCount * 4, at, true)
  return tables
}

function setBit(tables: Uint8Array, at: number, bit: number): void {
  tables[at] = (tables[at] as number) | (1 << bit)
}

/** The bits in which all bytes of a place agree, for the 8 places before the window and the 8 from it on. */
function writeText(into: Uint8Array, { text, offset }: Window): void {
  for (let index = 0; index < textBytes; index++) {
    const set = text[offset - bytesBefore + index]
    if (set === undefined) continue
    const bytes = bytesOf(set)
    const all = bytes.reduce((bits, byte) => bits & byte, 255)
    const any = bytes.reduce((bits, byte) => bits | byte, 0)
    into[index] = 255 & ~(all ^ any)
    into[textBytes + index] = all & (into[index] as number)
  }
}
