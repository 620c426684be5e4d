/** A set of bytes, as 256 bits. */
export type ByteSet = Uint32Array

type Ranges = readonly (readonly [from: number, to: number])[]

const singles: ByteSet[] = []

/** Of a single byte it is always the same set, so that what is known of it is found again. */
export function byteSet(ranges: Ranges): ByteSet {
  const [first] = ranges
  if (ranges.length !== 1 || first === undefined || first[0] !== first[1]) return newByteSet(ranges)
  singles[first[0]] ??= newByteSet(ranges)
  return singles[first[0]] as ByteSet
}

/** A set that is no other, though it may hold the same bytes. */
export function newByteSet(ranges: Ranges): ByteSet {
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
