import { setTimeout as pause } from 'node:timers/promises'
import type { Holder } from '../../app/follower-claims.ts'
import type { LogScan, ScanEnd, ScanQueue } from '../../app/scan-ports.ts'
import { describeError } from '../scan/describe-error.ts'
import { type RunScanDeps, runScan, type ScanPatterns } from './run-scan.ts'

interface ScanLoopDeps {
  readonly queue: ScanQueue
  readonly holder: Holder
  readonly run: RunScanDeps
  /** Pause between two signs that it is under way; after some without one, another process takes it. */
  readonly tellMs: number
  patterns(): Promise<ScanPatterns>
  /** How a scan stands, whenever that changes. */
  tell(scan: LogScan): void
}

const signsPerLease = 20

/** Does one scan that waits, if there is one. True if there was. */
export function takeUpScans({ queue, holder, run, tellMs, patterns, tell }: ScanLoopDeps) {
  const leaseMs = Math.max(tellMs * signsPerLease, 10_000)

  return async (stop: AbortSignal): Promise<boolean> => {
    const scan = await queue.take(run.node, holder, leaseMs)
    if (scan === null) return false
    tell(scan)
    const ended = await queue.end(scan.id, holder, await endOf(scan, stop))
    if (ended !== null) tell(ended)
    return true
  }

  async function endOf(scan: LogScan, stop: AbortSignal): Promise<ScanEnd> {
    const ending = new AbortController()
    try {
      const set = await patterns()
      const running = runScan(scan, set, run, AbortSignal.any([stop, ending.signal]))
      const signs = giveSigns(scan, running, ending)
      const result = await running.result.finally(() => {
        // Nobody has to wait for the next sign.
        ending.abort()
      })
      await signs
      // Stopped, it is for another process; canceled, it stays so.
      if (result === null) return { status: 'queued' }
      return { status: 'done', progress: running.progress, patternsVersion: set.version, result }
    } catch (error) {
      ending.abort()
      return { status: 'failed', problem: describeError(error) }
    }
  }

  async function giveSigns(
    { id }: LogScan,
    { progress }: ReturnType<typeof runScan>,
    ending: AbortController,
  ): Promise<void> {
    while (!ending.signal.aborted) {
      await pause(tellMs, undefined, { signal: ending.signal }).catch(() => {})
      if (ending.signal.aborted) return
      try {
        const now = await queue.advance(id, holder, progress, leaseMs)
        if (now === null) ending.abort()
        else tell(now)
      } catch {
        // The store is away: so are the lines that it would keep.
      }
    }
  }
}
