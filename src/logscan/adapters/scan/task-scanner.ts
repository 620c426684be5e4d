import { closeSync, openSync, readSync } from 'node:fs'
import type { HitBatch } from '../../domain/scan/scan-request.ts'
import type { HitLine } from '../match/line-scan.ts'
import { LineScan } from '../match/line-scan.ts'
import type { BatchReader } from './batch-reader.ts'
import { describeError } from './describe-error.ts'
import type { ScanTask, TaskEnd, WorkerSetup } from './scan-task.ts'
import type { Utf16Text } from './utf16-text.ts'

const flushMs = 200

/** Does one task after the other in its thread. */
export class TaskScanner {
  readonly #scan: LineScan
  readonly #reader: BatchReader | null
  readonly #advance: (bytes: number) => void
  #open: { path: string; fd: number } | null = null
  #bytes = 0
  #matchedBefore = 0

  private constructor(
    { parts, request, chunkBytes }: WorkerSetup,
    reader: BatchReader | null,
    advance: (bytes: number) => void,
  ) {
    this.#reader = reader
    this.#scan = new LineScan({ parts, patterns: request.patternIds.length, chunkBytes, reader })
    this.#advance = advance
  }

  /** Loads only what the tasks need: while a thread loads, nothing is read. */
  static async create(
    setup: WorkerSetup,
    on: { batch(batch: HitBatch): void; advance(bytes: number): void },
  ): Promise<TaskScanner> {
    if (setup.countsOnly) return new TaskScanner(setup, null, on.advance)
    const { BatchReader } = await import('./batch-reader.ts')
    return new TaskScanner(setup, new BatchReader(setup.request, on.batch), on.advance)
  }

  async run(task: ScanTask): Promise<TaskEnd> {
    this.#bytes = 0
    const isRange = task.path !== null && Number.isFinite(task.limit)
    const problem = isRange ? this.#scanRange(task) : await this.#scanStream(task.path)
    this.#reader?.flush()
    const { bytesMatched } = this.#scan
    const matched = bytesMatched - this.#matchedBefore
    this.#matchedBefore = bytesMatched
    return {
      newlines: this.#scan.newlines,
      counts: this.#reader === null ? this.#scan.takeCounts() : null,
      problem,
      bytes: this.#bytes,
      bytesMatched: matched,
    }
  }

  #scanRange({ path, fd, from, limit }: ScanTask): string | null {
    let at = this.#begin(from, limit, null)
    while (!this.#scan.isDone) {
      const room = this.#scan.room()
      const read = this.#read(path as string, fd, room, at)
      if (typeof read === 'number' && read > 0) {
        at += read
        this.#added(read)
        continue
      }
      this.#scan.finish()
      if (typeof read !== 'number') return read.problem
    }
    return null
  }

  #read(path: string, fd: number | undefined, room: Buffer, at: number): number | { readonly problem: string } {
    try {
      return readSync(fd ?? this.#fileOf(path), room, 0, room.length, at)
    } catch (error) {
      return { problem: describeError(error) }
    }
  }

  async #scanStream(path: string | null): Promise<string | null> {
    const { readText } = await import('./read-text.ts')
    let utf16: Utf16Text | null = null
    this.#begin(0, Number.POSITIVE_INFINITY, (line) => (utf16 === null ? line : utf16.lineAt(line.newlines)))
    // What comes slowly is told all the same.
    const flushing = setInterval(() => this.#reader?.flush(), flushMs)
    try {
      const problem = await readText(
        path,
        (bytes) => this.#put(bytes),
        (text) => {
          utf16 = text
        },
      )
      this.#scan.finish()
      return problem
    } finally {
      clearInterval(flushing)
    }
  }

  #begin(from: number, limit: number, place: ((line: HitLine) => { offset: number; length: number }) | null): number {
    this.#reader?.begin(place)
    return this.#scan.begin(from, limit)
  }

  #put(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const room = this.#scan.room()
      const piece = bytes.subarray(at, at + room.length)
      room.set(piece)
      at += piece.length
      this.#added(piece.length)
    }
  }

  #added(bytes: number): void {
    this.#scan.added(bytes)
    this.#bytes += bytes
    this.#advance(bytes)
  }

  #fileOf(path: string): number {
    if (this.#open?.path === path) return this.#open.fd
    this.#close()
    this.#open = { path, fd: openSync(path, 'r') }
    return this.#open.fd
  }

  #close(): void {
    if (this.#open !== null) closeSync(this.#open.fd)
    this.#open = null
  }
}
