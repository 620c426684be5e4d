import { parentPort, workerData } from 'node:worker_threads'
import { BatchSlots, slotsPerThread } from '../logscan/adapters/scan/batch-slots.ts'
import type { WorkerMessage, WorkerOrder, WorkerPlace } from '../logscan/adapters/scan/scan-task.ts'
import { TaskScanner } from '../logscan/adapters/scan/task-scanner.ts'
import type { HitBatch } from '../logscan/domain/scan/scan-request.ts'

/** A thread of the scanner: does the tasks it is told, one after the other. */
function main(): void {
  const place = workerData as WorkerPlace
  const underWay = new Int32Array(place.batchesUnderWay)
  const bytesRead = new BigInt64Array(place.bytesRead)
  const post = (message: WorkerMessage) => parentPort?.postMessage(message)
  let scanner: Promise<TaskScanner> | null = null
  let task = -1

  const slots = new BatchSlots(place.words, place.slots)
  let sent = 0
  const batch = (hits: HitBatch) => {
    // Whoever takes the batches may be slower: then this thread waits for a slot.
    for (let count = Atomics.load(underWay, place.index); count >= slotsPerThread; ) {
      Atomics.wait(underWay, place.index, count)
      count = Atomics.load(underWay, place.index)
    }
    Atomics.add(underWay, place.index, 1)
    post({ task, batch: slots.put(sent++ % slotsPerThread, hits) })
  }
  const advance = (bytes: number) => void Atomics.add(bytesRead, place.index, BigInt(bytes))
  parentPort?.on('message', async (order: WorkerOrder) => {
    if ('setup' in order) {
      scanner = TaskScanner.create(order.setup, { batch, advance })
      return
    }
    const ready = await (scanner as Promise<TaskScanner>)
    task = order.task
    post({ task, end: await ready.run(order.what) })
  })
}

main()
