import { Presets, SingleBar } from 'cli-progress'
import type { Input } from '../scan/find-inputs.ts'
import type { Scan } from '../scan/scan-inputs.ts'

export interface Progress {
  /** Something else is written to the terminal. */
  pause(write: () => void): void
  stop(): void
}

const megabyte = 1e6
const refreshMs = 100

/** A bar with speed and time left on the standard error; only the speed where it is not known how much there is to read. */
export function showProgress(inputs: readonly Input[], scan: Scan, { now }: { now(): number }): Progress {
  const isKnown = inputs.every(({ bytes }) => bytes !== null)
  const total = inputs.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
  const started = now()
  const format = isKnown
    ? '{bar} {percentage} % | {read} of {all} MB | {speed} MB/s | {eta_formatted} left'
    : '{read} MB | {speed} MB/s'
  const bar = new SingleBar(
    { format, stream: process.stderr, clearOnComplete: true, hideCursor: true, stopOnComplete: false },
    Presets.shades_classic,
  )
  const facts = () => {
    const read = scan.bytesRead()
    const speed = read / megabyte / Math.max(0.001, (now() - started) / 1000)
    return { read: (read / megabyte).toFixed(0), all: (total / megabyte).toFixed(0), speed: speed.toFixed(0) }
  }
  bar.start(Math.max(1, total), 0, facts())
  const timer = setInterval(() => bar.update(Math.min(total, scan.bytesRead()), facts()), refreshMs)
  return {
    pause(write) {
      process.stderr.write('\r\x1b[K')
      write()
    },
    stop() {
      clearInterval(timer)
      bar.stop()
    },
  }
}
