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
const columnsUsual = 80
/** What stands beside the bar, at most. */
const textColumns = 56
const barColumnsMin = 4
const barColumnsMax = 40

/** A bar with speed and time left on the standard error; only the speed where it is not known how much there is to read. */
export function showProgress(inputs: readonly Input[], scan: Scan, { now }: { now(): number }): Progress {
  const isKnown = inputs.every(({ bytes }) => bytes !== null)
  const total = inputs.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
  const barColumns = (process.stderr.columns ?? columnsUsual) - textColumns
  const barsize = Math.min(barColumnsMax, Math.max(barColumnsMin, barColumns))
  const format = isKnown
    ? '{bar} {percentage} % | {read} of {all} MB | {speed} MB/s | {left} left'
    : '{read} MB | {speed} MB/s'
  const bar = new SingleBar(
    { format, barsize, stream: process.stderr, clearOnComplete: true, hideCursor: true, stopOnComplete: false },
    Presets.shades_classic,
  )
  // Threads are still loading before the first byte is read.
  let started = now()
  const facts = () => {
    const read = scan.bytesRead()
    if (read === 0) started = now()
    const speed = read / Math.max(0.001, (now() - started) / 1000)
    const shown = (bytes: number) => (bytes / megabyte).toFixed(0)
    return { read: shown(read), all: shown(total), speed: shown(speed), left: timeLeft(total - read, speed) }
  }
  bar.start(Math.max(1, total), 0, facts())
  const timer = setInterval(() => bar.update(Math.min(total, scan.bytesRead()), facts()), refreshMs)
  // However the process ends, the cursor must be seen again.
  const stop = () => {
    clearInterval(timer)
    bar.stop()
    process.off('exit', stop)
  }
  process.on('exit', stop)
  return {
    stop,
    pause(write) {
      process.stderr.write('\r\x1b[K')
      write()
    },
  }
}

function timeLeft(bytes: number, speed: number): string {
  if (speed === 0) return '-'
  const seconds = Math.ceil(Math.max(0, bytes) / speed)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
