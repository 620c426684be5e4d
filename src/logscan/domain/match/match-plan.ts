import { compileProgram, type Program } from '../pattern/program.ts'
import { requirementsOf } from '../pattern/required.ts'
import type { Pattern } from '../pattern/syntax.ts'
import { type Bucket, fillBuckets } from './buckets.ts'
import { filterTables } from './filter.ts'
import { Frequencies } from './frequencies.ts'
import { cheapestTexts, leastShare, type Window, type WindowChoice } from './windows.ts'

/** How some of the patterns are looked for: all in one pass over the text. */
export interface MatchPart {
  /** Numbers of the patterns, in their order. */
  readonly patterns: readonly number[]
  readonly program: Program
  /** Null where every line has to be read by the automaton. */
  readonly filter: LineFilter | null
}

export interface LineFilter {
  readonly tables: Uint8Array
  readonly buckets: readonly Bucket[]
  /** The share of the places of the sample at which a window stands. */
  readonly share: number
}

/** A pass holds its matches of a line as bits in a few words. */
const patternsPerPart = 256
/** Beyond so many texts, eight buckets let too much through. */
const textsMax = 400
/** Where a window stands in most lines, to look for it first is a detour. */
const shareMax = 1 / 200

/** Chooses how to look for the patterns in texts like the sample. Throws PatternError. */
export function planMatch(patterns: readonly Pattern[], sample: Uint8Array): readonly MatchPart[] {
  const frequencies = new Frequencies(sample)
  const parts: MatchPart[] = []
  // Without patterns there is a part all the same: it counts the lines.
  for (let first = 0; first === 0 || first < patterns.length; first += patternsPerPart) {
    const some = patterns.slice(first, first + patternsPerPart)
    parts.push({
      patterns: some.map((_, index) => first + index),
      program: compileProgram(some),
      filter: planFilter(some, frequencies),
    })
  }
  return parts
}

function planFilter(patterns: readonly Pattern[], frequencies: Frequencies): LineFilter | null {
  const texts = new Map<string, WindowChoice>()
  for (const pattern of patterns) {
    const cheapest = cheapestTexts(requirementsOf(pattern), frequencies)
    if (cheapest === null) return null
    for (const windows of cheapest) texts.set(keyOf(windows), windows)
  }
  const share = [...texts.values()].reduce((sum, windows) => sum + leastShare(windows), 0)
  if (texts.size > textsMax || share > shareMax) return null
  const buckets = fillBuckets([...texts.values()], frequencies)
  return { tables: filterTables(buckets), buckets, share }
}

function keyOf([first]: WindowChoice): string {
  return (first as Window).text.map((set) => set.join()).join(';')
}
