import type { MatchPart } from '../../domain/match/match-plan.ts'
import type { ScanRequest } from '../../domain/scan/scan-request.ts'
import type { SlotContents } from './batch-slots.ts'

/** A range of a regular file, or a text that can only be read from its beginning. */
export interface ScanTask {
  /** Null is the standard input. */
  readonly path: string | null
  /** Of the file if it is open already; whose descriptors are those of all threads. */
  readonly fd?: number
  readonly from: number
  /** Infinity where it is read to its end, as a stream, compressed or not. */
  readonly limit: number
}

/** What a worker is given when it is made. */
export interface WorkerPlace {
  /** Bytes of text read so far (i64), and batches under way (i32), of each worker. */
  readonly bytesRead: SharedArrayBuffer
  readonly batchesUnderWay: SharedArrayBuffer
  readonly index: number
  /** Where this worker puts its batches, in turn. */
  readonly slots: SharedArrayBuffer
  /** Words of bits that say which patterns match a line. */
  readonly words: number
}

/** What it is given before its first task. */
export interface WorkerSetup {
  readonly parts: readonly MatchPart[]
  readonly request: ScanRequest
  /** Lines are counted for each pattern, and nothing else is told of them. */
  readonly countsOnly: boolean
  readonly chunkBytes: number
}

export interface TaskEnd {
  /** Newlines of the range. */
  readonly newlines: number
  /** Lines that match, for each pattern, where lines are counted only. */
  readonly counts: Float64Array | null
  /** Why the text was not read to its end. */
  readonly problem: string | null
  readonly bytes: number
  readonly bytesMatched: number
}

export type WorkerMessage =
  | { readonly task: number; readonly batch: SlotContents }
  | { readonly task: number; readonly end: TaskEnd }

export type WorkerOrder = { readonly setup: WorkerSetup } | { readonly task: number; readonly what: ScanTask }
