import type { Example, HitBatch } from './scan-request.ts'
import { TimeLine } from './time-line.ts'

export interface PatternSummary {
  /** Lines that match. */
  lines: number
  readonly times: TimeLine
  /** The first line that matched, and where it stands. */
  example: (Example & { readonly file: string; readonly line: number }) | null
}

/** Sums up, for each pattern, the hit lines of a scan. */
export class Summary {
  readonly patterns: readonly PatternSummary[]
  /** The highest level of all hit lines, as an index of `levels`; -1 where there is none. */
  levelMax = -1

  constructor(patterns: number) {
    this.patterns = Array.from({ length: patterns }, () => ({ lines: 0, times: new TimeLine(), example: null }))
  }

  /** Batches come in the order of their lines; so many lines are before this one's in the file. */
  add(
    file: string,
    linesBefore: number,
    { count, patterns, words, times, levels, examples, newlines }: HitBatch,
  ): void {
    for (const example of examples) {
      const summary = this.patterns[example.pattern] as PatternSummary
      summary.example ??= { ...example, file, line: linesBefore + (newlines[example.index] as number) + 1 }
    }
    for (let index = 0; index < count; index++) {
      const time = times[index] as number
      this.levelMax = Math.max(this.levelMax, levels[index] as number)
      for (let word = 0; word < words; word++)
        for (let bits = patterns[index * words + word] as number; bits !== 0; bits &= bits - 1) {
          const summary = this.patterns[word * 32 + 31 - Math.clz32(bits & -bits)] as PatternSummary
          summary.lines++
          if (!Number.isNaN(time)) summary.times.add(time)
        }
    }
  }

  /** Counts that were made without looking at the lines. */
  addCounts(counts: Float64Array): void {
    for (const [pattern, summary] of this.patterns.entries()) summary.lines += counts[pattern] as number
  }
}
