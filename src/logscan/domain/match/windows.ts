import { anyByte, type ByteSet } from '../pattern/byte-set.ts'
import { lineStart, type Requirement, type Sequence } from '../pattern/required.ts'
import type { Frequencies } from './frequencies.ts'
import type { Masks } from './nibbles.ts'

export const windowPlaces = 4
/** Of a text, the cheapest windows, from which that is chosen which goes best with others. */
const windowsKept = 5
/** To read a line with the automaton costs so many times what it costs to look at a place that the filter let through. */
export const lineCost = 6

/** Four places in a text that a pattern needs; the second lies within the line that the text is in, or is its end. */
export interface Window {
  readonly sets: readonly ByteSet[]
  /** The whole text, and where in it the window begins; -1 where it begins before the text. */
  readonly text: Sequence
  readonly offset: number
  /** The share of places of the sample at which it stands. */
  readonly share: number
  readonly masks: Masks
  /** What it costs, alone in the filter, for each place of the text; to look at a place that passed the filter is 1. */
  readonly cost: number
}

/** All windows of one text, of which one has to be looked for. */
export type WindowChoice = readonly Window[]

/**
 * The cheapest way to know that a pattern may match: texts of which one must stand in the line, each with its windows. Null
 * where nothing must.
 */
export function cheapestTexts(
  requirements: readonly Requirement[],
  frequencies: Frequencies,
): readonly WindowChoice[] | null {
  let cheapest: readonly WindowChoice[] | null = null
  let least = Number.POSITIVE_INFINITY
  for (const requirement of requirements) {
    const texts = requirement.map((text) => windowsOf(text, frequencies))
    const cost = texts.reduce((sum, windows) => sum + (windows[0] as Window).cost, 0)
    if (cost < least) {
      cheapest = texts
      least = cost
    }
  }
  return cheapest
}

export function leastShare(windows: WindowChoice): number {
  return windows.reduce((least, { share }) => Math.min(least, share), 1)
}

function windowsOf(text: Sequence, frequencies: Frequencies): WindowChoice {
  // A start alone is found with what follows it, the rest with what precedes it: in the line, or as its end.
  const first = text.length === 1 && text[0] !== lineStart ? -1 : 0
  const last = Math.max(first, text.length - windowPlaces)
  return Array.from({ length: last - first + 1 }, (_, index): Window => {
    const offset = first + index
    const sets = Array.from({ length: windowPlaces }, (_, place) => text[offset + place] ?? anyByte)
    const share = frequencies.shareOf(text.slice(Math.max(0, offset), offset + windowPlaces))
    const nibbles = sets.map((set) => frequencies.nibblesOf(set))
    const through = nibbles.reduce((product, { passing }) => product * passing, 1)
    return { sets, text, offset, share, masks: nibbles.map(({ mask }) => mask), cost: share * lineCost + through }
  })
    .sort((a, b) => a.cost - b.cost)
    .slice(0, windowsKept)
}
