import type { HitBatch } from '../../domain/scan/scan-request.ts'
import type { Input } from './find-inputs.ts'
import { ScanPool } from './scan-pool.ts'
import type { ScanTask, TaskEnd, WorkerSetup } from './scan-task.ts'

/** Hit lines of an input, or that a part of it was read; in the order of inputs, and of lines in them. */
export type ScanEvent =
  | { readonly input: Input; readonly linesBefore: number; readonly batch: HitBatch }
  | { readonly input: Input; readonly end: TaskEnd }

export interface Scan extends AsyncDisposable {
  run(setup: WorkerSetup): AsyncIterable<ScanEvent>
  bytesRead(): number
}

/** A range is long enough that to begin it costs nothing, and short enough that all threads have work to the end. */
const rangeMinBytes = 4 << 20
const rangeMaxBytes = 32 << 20
const rangesPerFile = 64

/**
 * Makes ready to read the inputs in parallel, large files in ranges, with so many threads at most; what is found does not
 * depend on their number. Which patterns they are, and how to look for them, may be worked out while the threads load.
 */
export function prepareScan(inputs: readonly Input[], jobs: number, patterns: number): Scan {
  const tasks = inputs.flatMap((input) => rangesOf(input).map((task) => ({ input, task })))
  const pool = new ScanPool(Math.min(jobs, tasks.length), patterns)
  return {
    async *run(setup) {
      let [input, linesBefore] = [inputs[0], 0]
      const all = tasks.map(({ task }) => task)
      for await (const message of pool.run(setup, all)) {
        const current = (tasks[message.task] as (typeof tasks)[number]).input
        if (current !== input) [input, linesBefore] = [current, 0]
        if ('batch' in message) yield { input: current, linesBefore, batch: message.batch }
        else {
          yield { input: current, end: message.end }
          linesBefore += message.end.newlines
        }
      }
    },
    bytesRead: () => pool.bytesRead,
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

function rangesOf({ path, bytes }: Input): ScanTask[] {
  if (bytes === null) return [{ path, from: 0, limit: Number.POSITIVE_INFINITY }]
  const range = Math.min(rangeMaxBytes, Math.max(rangeMinBytes, Math.ceil(bytes / rangesPerFile)))
  const count = Math.max(1, Math.ceil(bytes / range))
  return Array.from({ length: count }, (_, index) => ({
    ...{ path, from: index * range },
    limit: Math.min((index + 1) * range, Math.max(bytes, 1)),
  }))
}
