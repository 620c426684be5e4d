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
  /** The share of places that it, alone in the filter, lets through. */
  readonly through: number
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
    const cost = texts.reduce((sum, windows) => sum + costOf(windows[0] as Window), 0)
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

/** For each place of the text; to look at a place that passed the filter costs 1. */
function costOf({ share, through }: Window): number {
  return share * lineCost + through
}

/** The cheapest windows of a text, the cheapest first. */
function windowsOf(text: Sequence, frequencies: Frequencies): WindowChoice {
  const first = text.length === 1 && text[0] !== lineStart ? -1 : 0
  const last = Math.max(first, text.length - windowPlaces)
  const estimated = Array.from({ length: last - first + 1 }, (_, index): Window => {
    const offset = first + index
    const sets = Array.from({ length: windowPlaces }, (_, place) => text[offset + place] ?? anyByte)
    const nibbles = sets.map((set) => frequencies.nibblesOf(set))
    const through = nibbles.reduce((product, { passing }) => product * passing, 1)
    const share = frequencies.estimate(text.slice(Math.max(0, offset), offset + windowPlaces))
    return { sets, text, offset, share, through, masks: nibbles.map(({ mask }) => mask) }
  })
  return estimated
    .sort((a, b) => costOf(a) - costOf(b))
    .slice(0, windowsKept)
    .map((window) => ({ ...window, share: frequencies.countedShare(window.sets) ?? window.share }))
    .sort((a, b) => costOf(a) - costOf(b))
}
