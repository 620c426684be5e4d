import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { HitBatch } from '../../domain/scan/scan-request.ts'
import { BatchSlots } from './batch-slots.ts'
import type { ScanTask, TaskEnd, WorkerMessage, WorkerOrder, WorkerPlace, WorkerSetup } from './scan-task.ts'

/** What a thread tells of a task; a batch is good until the next message is asked for. */
export type PoolMessage =
  | { readonly task: number; readonly batch: HitBatch }
  | { readonly task: number; readonly end: TaskEnd }

/** Nearly all that threads make is used only for a moment: the more room they have for it, the less often it is cleared. */
const youngMb = { all: 48, leastEach: 4, mostEach: 32 }

interface Thread {
  readonly worker: Worker
  readonly slots: BatchSlots
}

/** Threads that do tasks at the same time; what they tell comes in the order of the tasks. */
export class ScanPool implements AsyncDisposable {
  readonly #threads: Thread[]
  readonly #underWay: SharedArrayBuffer
  readonly #bytesRead: SharedArrayBuffer
  /** Messages of tasks whose turn has not come, and who waits for the next. */
  readonly #messages = new Map<number, WorkerMessage[]>()
  readonly #threadOf = new Map<number, number>()
  #tasks: readonly ScanTask[] = []
  #ordered = 0
  #failure: Error | null = null
  #wake: () => void = () => {}

  /** Threads begin to load at once; what they are to look for can be told later, but not how many patterns it is. */
  constructor(jobs: number, patterns: number) {
    const words = Math.max(1, Math.ceil(patterns / 32))
    this.#underWay = new SharedArrayBuffer(jobs * Int32Array.BYTES_PER_ELEMENT)
    this.#bytesRead = new SharedArrayBuffer(jobs * BigInt64Array.BYTES_PER_ELEMENT)
    const { all, leastEach, mostEach } = youngMb
    const resourceLimits = {
      maxYoungGenerationSizeMb: Math.min(mostEach, Math.max(leastEach, Math.floor(all / jobs))),
    }
    const file = createRequire(import.meta.url).resolve('#scan-worker')
    this.#threads = Array.from({ length: jobs }, (_, index) => {
      const slots = new BatchSlots(words)
      const shared = { batchesUnderWay: this.#underWay, bytesRead: this.#bytesRead, slots: slots.shared }
      const place: WorkerPlace = { ...shared, words, index }
      return { worker: new Worker(file, { workerData: place, resourceLimits }), slots }
    })
    for (const [index, thread] of this.#threads.entries()) {
      thread.worker.on('error', (error) => this.#fail(error))
      thread.worker.on('exit', () => this.#fail(new Error('a thread of the scanner ended too early')))
      thread.worker.on('message', (message: WorkerMessage) => this.#received(index, message))
    }
  }

  /** Bytes of text that were read so far. */
  get bytesRead(): number {
    return Number(new BigInt64Array(this.#bytesRead).reduce((sum, bytes) => sum + bytes, 0n))
  }

  /** Does the tasks and gives what they tell, all of the first, then all of the second, and so on. */
  async *run(setup: WorkerSetup, tasks: readonly ScanTask[]): AsyncGenerator<PoolMessage> {
    for (const { worker } of this.#threads) worker.postMessage({ setup } satisfies WorkerOrder)
    this.#tasks = tasks
    for (const thread of this.#threads) this.#order(thread)
    for (let task = 0; task < tasks.length; task++) {
      for (let isDone = false; !isDone; ) {
        const message = await this.#next(task)
        isDone = 'end' in message
        yield 'end' in message ? message : { task, batch: this.#slotsOf(task).view(message.batch) }
        // Only now the slot may be filled again.
        if ('batch' in message) this.#release(task)
      }
      this.#messages.delete(task)
      this.#threadOf.delete(task)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { worker } of this.#threads) worker.removeAllListeners('exit')
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
  }

  #order({ worker }: Thread): void {
    const task = this.#ordered
    const what = this.#tasks[task]
    if (what === undefined) return
    this.#ordered++
    worker.postMessage({ task, what } satisfies WorkerOrder)
  }

  async #next(task: number): Promise<WorkerMessage> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure
      const message = this.#messages.get(task)?.shift()
      if (message === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        continue
      }
      return message
    }
  }

  #slotsOf(task: number): BatchSlots {
    return (this.#threads[this.#threadOf.get(task) as number] as Thread).slots
  }

  /** The thread may go on with another batch. */
  #release(task: number): void {
    const index = this.#threadOf.get(task) as number
    const underWay = new Int32Array(this.#underWay)
    Atomics.sub(underWay, index, 1)
    Atomics.notify(underWay, index)
  }

  #received(index: number, message: WorkerMessage): void {
    const waiting = this.#messages.get(message.task)
    if (waiting === undefined) this.#messages.set(message.task, [message])
    else waiting.push(message)
    this.#threadOf.set(message.task, index)
    // Whatever task's turn it is, no thread waits for work.
    if ('end' in message) this.#order(this.#threads[index] as Thread)
    this.#wake()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#wake()
  }
}
