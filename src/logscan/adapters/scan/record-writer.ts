import { batchLinesMax } from './hit-columns.ts'

const backslash = 0x5c
const quote = 0x22
const firstPrintable = 0x20
const firstNonAscii = 0x80
const startBytes = 1 << 18

/** Writes records, as many as a batch has lines, one after the other as bytes of UTF-8. */
export class RecordWriter {
  #bytes = Buffer.allocUnsafe(startBytes)
  #used = 0
  readonly #ends = new Uint32Array(batchLinesMax)
  #count = 0

  get length(): number {
    return this.#used
  }

  /** Appends text of ASCII characters alone. */
  ascii(text: string): void {
    this.#reserve(text.length)
    this.#used += this.#bytes.write(text, this.#used, 'latin1')
  }

  /** Appends the text as a JSON string; `bytes.subarray(from, to)` is what it was decoded from. */
  json(text: string, bytes: Buffer, from: number, to: number): void {
    if (!isPlain(bytes, from, to)) {
      this.utf8(JSON.stringify(text))
      return
    }
    this.#reserve(to - from + 2)
    this.#bytes[this.#used++] = quote
    this.#used += bytes.copy(this.#bytes, this.#used, from, to)
    this.#bytes[this.#used++] = quote
  }

  utf8(text: string): void {
    this.#reserve(text.length * 3)
    this.#used += this.#bytes.write(text, this.#used, 'utf8')
  }

  endRecord(): void {
    this.#ends[this.#count++] = this.#used
  }

  /** What was written, good until more is, and where each record ends in it; begins anew. */
  take(): { readonly records: Uint8Array; readonly recordEnds: Uint32Array } {
    const records = this.#bytes.subarray(0, this.#used)
    const recordEnds = this.#ends.subarray(0, this.#count)
    this.#used = 0
    this.#count = 0
    return { records, recordEnds }
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(2 * (this.#used + bytes))
    this.#bytes.copy(larger, 0, 0, this.#used)
    this.#bytes = larger
  }
}

/** Whether the bytes are, as they are, what stands between the quotes of a JSON string. */
function isPlain(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number
    if (byte < firstPrintable || byte >= firstNonAscii || byte === quote || byte === backslash) return false
  }
  return true
}
