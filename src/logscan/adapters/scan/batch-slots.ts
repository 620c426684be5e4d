import type { HitBatch } from '../../domain/scan/scan-request.ts'
import { batchLinesMax } from './hit-columns.ts'

/** Batches under way from a thread to who takes them; it pauses at that many. */
export const slotsPerThread = 4
/** Of a batch's records; longer ones are sent on their own. */
const recordBytesMax = 262_144
const alignment = 8

/** Which slot a batch is in, and what is not in it. */
export interface SlotContents {
  readonly slot: number
  readonly count: number
  readonly examples: HitBatch['examples']
  readonly groups: HitBatch['groups']
  /** Their number of bytes in the slot, or they themselves if they are too long for it. */
  readonly records: number | Uint8Array
  readonly recordCount: number
}

/** Memory that a thread and who takes its batches share, used again and again: memory does not grow with what is found. */
export class BatchSlots {
  readonly shared: SharedArrayBuffer
  readonly #words: number
  readonly #slotBytes: number

  /** So many words of bits say which patterns match a line. */
  constructor(words: number, shared?: SharedArrayBuffer) {
    this.#words = words
    const lineBytes = 2 * Float64Array.BYTES_PER_ELEMENT + (words + 1) * Uint32Array.BYTES_PER_ELEMENT + 1
    this.#slotBytes = Math.ceil((batchLinesMax * lineBytes + recordBytesMax) / alignment) * alignment
    this.shared = shared ?? new SharedArrayBuffer(slotsPerThread * this.#slotBytes)
  }

  put(slot: number, batch: HitBatch): SlotContents {
    const { count, examples, groups, records, recordEnds } = batch
    const columns = this.#columns(slot, count, recordEnds.length)
    columns.newlines.set(batch.newlines)
    columns.times.set(batch.times)
    columns.patterns.set(batch.patterns)
    columns.recordEnds.set(recordEnds)
    columns.levels.set(batch.levels)
    const fits = records.length <= recordBytesMax
    if (fits) this.#records(slot, records.length).set(records)
    const own = { slot, count, examples, groups, recordCount: recordEnds.length }
    return { ...own, records: fits ? records.length : records.slice() }
  }

  /** Good until the slot is filled again. */
  view({ slot, count, examples, groups, records, recordCount }: SlotContents): HitBatch {
    return {
      ...{ count, examples, groups, words: this.#words },
      ...this.#columns(slot, count, recordCount),
      records: typeof records === 'number' ? this.#records(slot, records) : records,
    }
  }

  #columns(slot: number, count: number, recordCount: number) {
    let at = slot * this.#slotBytes
    const next = (bytes: number) => {
      at += bytes * batchLinesMax
      return at - bytes * batchLinesMax
    }
    return {
      newlines: new Float64Array(this.shared, next(8), count),
      times: new Float64Array(this.shared, next(8), count),
      patterns: new Uint32Array(this.shared, next(4 * this.#words), count * this.#words),
      recordEnds: new Uint32Array(this.shared, next(4), recordCount),
      levels: new Uint8Array(this.shared, next(1), count),
    }
  }

  #records(slot: number, length: number): Uint8Array {
    return new Uint8Array(this.shared, (slot + 1) * this.#slotBytes - recordBytesMax, length)
  }
}
