import type { Level } from '../log-pattern.ts'

/** What is wanted of the lines that match. */
export interface ScanRequest {
  /** Instants in ms since the epoch; lines of no known time are left out where one is given. `until` is not included. */
  readonly since: number | null
  readonly until: number | null
  /** Lines shown before and behind each that matches. */
  readonly context: number
  /** Whole records are wanted, not only what a summary needs. */
  readonly records: boolean
  /** So is what each group is made of. */
  readonly groups: boolean
  /** Of each pattern, by its number. */
  readonly patternIds: readonly string[]
  readonly patternLevels: readonly Level[]
  /** Stamps without a year are taken to be not later than a day after it; ms since the epoch. */
  readonly referenceTime: number
}

/** Hit lines of a range, in their order; what is told of each stands at its index. */
export interface HitBatch {
  readonly count: number
  /** Newlines before the line, from the beginning of the range. */
  readonly newlines: Float64Array
  /** The patterns that match, as `words` words of bits for each line. */
  readonly patterns: Uint32Array
  readonly words: number
  /** Milliseconds since the epoch; NaN where unknown. */
  readonly times: Float64Array
  /** Indexes of `levels`. */
  readonly levels: Uint8Array
  /** Where records are wanted: what follows the file and the line's number in each, as JSON in UTF-8, and where each ends. */
  readonly records: Uint8Array
  readonly recordEnds: Uint32Array
  /** The first line that each pattern has met since the scanner was made, at least. */
  readonly examples: readonly Example[]
  /** Where they are wanted: the groups that are the first of their kind in the range. */
  readonly groups: readonly NewGroup[]
}

export interface NewGroup {
  readonly id: string
  /** What its events have in common. */
  readonly text: string
}

export interface Example {
  readonly pattern: number
  /** Which of the batch's lines. */
  readonly index: number
  readonly text: string
  readonly before: readonly string[]
  readonly after: readonly string[]
}
