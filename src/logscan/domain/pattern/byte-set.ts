/** A set of bytes, as 256 bits. */
export type ByteSet = Uint32Array

export function byteSet(ranges: Iterable<readonly [from: number, to: number]>): ByteSet {
  const set = new Uint32Array(8)
  for (const [from, to] of ranges) for (let byte = from; byte <= to; byte++) add(set, byte)
  return set
}

export const anyByte: ByteSet = byteSet([[0, 255]])

function add(set: ByteSet, byte: number): void {
  set[byte >> 5] = (set[byte >> 5] as number) | (1 << (byte & 31))
}

const listed = new WeakMap<ByteSet, readonly number[]>()

export function bytesOf(set: ByteSet): readonly number[] {
  const known = listed.get(set)
  if (known !== undefined) return known
  const bytes: number[] = []
  for (let byte = 0; byte < 256; byte++) if (((set[byte >> 5] as number) >>> (byte & 31)) & 1) bytes.push(byte)
  listed.set(set, bytes)
  return bytes
}
