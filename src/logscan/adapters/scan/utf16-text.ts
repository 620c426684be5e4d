import { TextDecoder } from 'node:util'

const newline = 10
const carriageReturn = 13
/** Lines whose beginnings are remembered: more than can wait to be read. */
const linesKept = 1 << 20

/** Makes UTF-8 of a text in UTF-16, and knows where in the original its lines lie. */
export class Utf16Text {
  readonly #decoder: TextDecoder
  readonly #write: (bytes: Uint8Array) => void
  /** Which byte of a pair is the low one. */
  readonly #low: 0 | 1
  /** Where the lines from number `#firstLine` on begin, and whether a carriage return ends the line before. */
  #starts: number[] = []
  #withReturn: boolean[] = []
  #firstLine = 0
  #read: number
  #odd: Buffer = Buffer.alloc(0)
  #lastUnit = 0

  /** So many bytes, those of the byte order mark, come before what is written. */
  constructor(isBigEndian: boolean, markBytes: number, write: (bytes: Uint8Array) => void) {
    this.#decoder = new TextDecoder(isBigEndian ? 'utf-16be' : 'utf-16le', { ignoreBOM: true })
    this.#low = isBigEndian ? 1 : 0
    this.#read = markBytes
    this.#write = write
    this.#begin(markBytes, false)
  }

  write(bytes: Uint8Array): void {
    const all = Buffer.concat([this.#odd, bytes])
    const pairs = all.subarray(0, all.length & ~1)
    this.#odd = Buffer.from(all.subarray(pairs.length))
    if (pairs.length === 0) return
    this.#findLines(pairs)
    this.#read += pairs.length
    this.#write(Buffer.from(this.#decoder.decode(pairs, { stream: true })))
  }

  /** What is left of a pair or a surrogate becomes a character that no pattern knows. */
  end(): void {
    this.#write(Buffer.from(this.#decoder.decode(this.#odd)))
    this.#read += this.#odd.length
  }

  /** Offset and length in the original of the line with that many newlines before it, its end left out. */
  lineAt(newlines: number): { offset: number; length: number } {
    const index = newlines - this.#firstLine
    const offset = this.#starts[index] as number
    const next = this.#starts[index + 1]
    if (next === undefined) return { offset, length: this.#read - offset - (this.#lastUnit === carriageReturn ? 2 : 0) }
    return { offset, length: next - offset - (this.#withReturn[index + 1] === true ? 4 : 2) }
  }

  #findLines(pairs: Buffer): void {
    const unitAt = (at: number) => ((pairs[at + 1 - this.#low] as number) << 8) | (pairs[at + this.#low] as number)
    for (let at = pairs.indexOf(newline); at !== -1; at = pairs.indexOf(newline, at + 1)) {
      const pair = at & ~1
      if (unitAt(pair) !== newline) continue
      const before = pair === 0 ? this.#lastUnit : unitAt(pair - 2)
      this.#begin(this.#read + pair + 2, before === carriageReturn)
    }
    this.#lastUnit = unitAt(pairs.length - 2)
  }

  #begin(offset: number, withReturn: boolean): void {
    this.#starts.push(offset)
    this.#withReturn.push(withReturn)
    if (this.#starts.length < 2 * linesKept) return
    this.#starts.splice(0, linesKept)
    this.#withReturn.splice(0, linesKept)
    this.#firstLine += linesKept
  }
}
