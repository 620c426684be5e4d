import type { Level } from '../log-pattern.ts'
import type { Reference } from './calendar.ts'
import { instantOrNull } from './calendar.ts'
import { emptyName, type NameShape } from './name-shape.ts'
import { emptyStamp, type Stamp } from './stamp-time.ts'

/** A line while its header is peeled off, part by part. One object serves all lines of a reader. */
export interface Scan {
  text: string
  /** Where headers must end: no line's header is longer than `headerMax`. */
  end: number
  time: number | null
  level: Level | null
  host: string | null
  component: string | null
  hasStamp: boolean
  /** Threads, nodes and the like that were taken; `namesMax` of them at most. */
  names: number
  hasLogger: boolean
  /** The message begins right here; no further part is looked for. */
  isDone: boolean
  /** What wrapped the message: it may be a line with a header of its own. */
  wrapper: 'none' | 'syslog' | 'container'
  readonly stamp: Stamp
  readonly name: NameShape
  readonly reference: Reference
}

/** Parts of a header are looked for in this many characters. */
const headerMax = 512

export function emptyScan(reference: Reference): Scan {
  const facts = { time: null, level: null, host: null, component: null }
  const seen = { hasStamp: false, names: 0, hasLogger: false, isDone: false }
  return { text: '', end: 0, ...facts, ...seen, wrapper: 'none', stamp: emptyStamp(), name: emptyName(), reference }
}

export function beginScan(scan: Scan, text: string): void {
  scan.text = text
  scan.end = Math.min(text.length, headerMax)
  scan.time = null
  scan.level = null
  scan.host = null
  scan.component = null
  scan.hasStamp = false
  scan.names = 0
  scan.hasLogger = false
  scan.isDone = false
  scan.wrapper = 'none'
}

/** Takes over the stamp that was read. */
export function takeStamp(scan: Scan): number {
  scan.hasStamp = true
  scan.time = instantOrNull(scan.stamp.time)
  return scan.stamp.end
}

/** Two: thread and process, or logger and node. What comes after them is the message's. */
export const namesMax = 2

/** Ends the header: the message begins at `from`. */
export function done(scan: Scan, from: number): number {
  scan.isDone = true
  return from
}
