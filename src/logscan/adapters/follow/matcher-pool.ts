import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { FoundGroup, FoundLine } from '../../app/match-store.ts'
import { groupVersion } from '../../domain/scan/group-text.ts'
import type { HitBatch } from '../../domain/scan/scan-request.ts'
import { BatchSlots } from '../scan/batch-slots.ts'
import { foundLines } from '../scan/found-lines.ts'
import type { ScanTask, TaskEnd, WorkerMessage, WorkerOrder, WorkerPlace, WorkerSetup } from '../scan/scan-task.ts'

/** What stands in a range of a file that is followed. */
export interface RangeFound {
  /** Lines that match, in their order; numbered from the beginning of the range, which is 1. */
  readonly lines: readonly FoundLine[]
  readonly groups: readonly FoundGroup[]
  readonly newlines: number
  /** Version of the set of patterns. */
  readonly patternsVersion: number
  /** Why it could not be read. */
  readonly problem: string | null
}

/** A range killed so many threads that it is not tried again. */
export class MatcherBroken extends Error {
  override readonly name = 'MatcherBroken'
}

interface Job {
  readonly task: ScanTask
  readonly resolve: (found: RangeFound) => void
  readonly reject: (error: Error) => void
  attempts: number
}

interface Thread {
  readonly worker: Worker
  readonly slots: BatchSlots
  readonly underWay: Int32Array
  readonly setup: WorkerSetup
  readonly version: number
  job: Job | null
  lines: FoundLine[]
  groups: FoundGroup[]
}

const attemptsMax = 3
const youngMb = 16

/**
 * Long-lived threads that match ranges of open files with the patterns of the moment. A thread that dies is replaced, and what
 * it was doing is done again: nothing of a range is told before all of it was matched.
 */
export class MatcherPool implements AsyncDisposable {
  readonly #jobs: number
  readonly #file: string
  readonly #waiting: Job[] = []
  readonly #threads = new Set<Thread>()
  #setup: WorkerSetup
  #version: number
  #isClosed = false

  constructor(
    jobs: number,
    setup: WorkerSetup,
    { version = 0, file = createRequire(import.meta.url).resolve('#scan-worker') } = {},
  ) {
    this.#file = file
    this.#jobs = jobs
    this.#setup = setup
    this.#version = version
  }

  /** Ranges that were not begun yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Ranges asked for from now on, and those that wait, are matched so. */
  use(setup: WorkerSetup, version = 0): void {
    this.#setup = setup
    this.#version = version
    for (const thread of this.#threads) if (thread.job === null) this.#retire(thread)
    this.#next()
  }

  /** Matches the lines of a range; those at its end are whole. Throws MatcherBroken. */
  match(task: ScanTask): Promise<RangeFound> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject, attempts: 0 })
      this.#next()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    const ended = new Error('the matcher was closed')
    for (const { reject } of this.#waiting.splice(0)) reject(ended)
    const threads = [...this.#threads]
    this.#threads.clear()
    for (const { job } of threads) job?.reject(ended)
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }

  #next(): void {
    while (this.#waiting.length > 0 && !this.#isClosed) {
      const thread = [...this.#threads].find(({ job }) => job === null) ?? this.#start()
      if (thread === null) return
      const job = this.#waiting.shift() as Job
      job.attempts++
      thread.job = job
      thread.lines = []
      thread.groups = []
      thread.worker.postMessage({ task: 0, what: job.task } satisfies WorkerOrder)
    }
  }

  /** Null if there are as many as there may be. */
  #start(): Thread | null {
    if (this.#threads.size >= this.#jobs) return null
    const setup = this.#setup
    const words = Math.max(1, Math.ceil(setup.request.patternIds.length / 32))
    const slots = new BatchSlots(words)
    const batchesUnderWay = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
    const bytesRead = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)
    const place: WorkerPlace = { batchesUnderWay, bytesRead, slots: slots.shared, words, index: 0 }
    const worker = new Worker(this.#file, {
      workerData: place,
      resourceLimits: { maxYoungGenerationSizeMb: youngMb },
    })
    const underWay = new Int32Array(batchesUnderWay)
    const thread: Thread = { worker, slots, underWay, setup, version: this.#version, job: null, lines: [], groups: [] }
    this.#threads.add(thread)
    worker.on('error', (error) => this.#died(thread, error))
    worker.on('exit', (code) => this.#died(thread, new Error(`a matcher thread ended with ${code}`)))
    worker.on('message', (message: WorkerMessage) => this.#received(thread, message))
    worker.postMessage({ setup } satisfies WorkerOrder)
    return thread
  }

  #received(thread: Thread, message: WorkerMessage): void {
    if ('batch' in message) {
      this.#take(thread, thread.slots.view(message.batch))
      Atomics.sub(thread.underWay, 0, 1)
      Atomics.notify(thread.underWay, 0)
    } else this.#done(thread, message.end)
  }

  #take(thread: Thread, batch: HitBatch): void {
    for (const line of foundLines(batch, 0)) thread.lines.push(line)
    for (const { id, text } of batch.groups) thread.groups.push({ id, template: text, version: groupVersion })
  }

  #done(thread: Thread, { newlines, problem }: TaskEnd): void {
    const { job, lines, groups } = thread
    thread.job = null
    thread.lines = []
    thread.groups = []
    if (thread.setup !== this.#setup) this.#retire(thread)
    job?.resolve({ lines, groups, newlines, problem, patternsVersion: thread.version })
    this.#next()
  }

  #retire(thread: Thread): void {
    this.#threads.delete(thread)
    void thread.worker.terminate()
  }

  #died(thread: Thread, error: Error): void {
    if (!this.#threads.delete(thread)) return
    void thread.worker.terminate()
    const { job } = thread
    if (job !== null && job.attempts >= attemptsMax)
      job.reject(new MatcherBroken(`a range of ${job.task.path} cannot be matched: ${error.message}`))
    else if (job !== null) this.#waiting.unshift(job)
    this.#next()
  }
}
