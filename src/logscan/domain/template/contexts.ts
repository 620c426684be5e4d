import type { Group } from './group.ts'

/** Groups whose tokens are the same but for those at a few places. */
export interface Context {
  /** The places, ascending. */
  readonly at: readonly number[]
  readonly groups: Group[]
}

/** The sets of places of a text that may be left open together, each ascending. */
export type Places = (tokens: readonly number[]) => readonly (readonly number[])[]

/** Of so many slots one is a context, at most: few contexts that stand alone are taken for shared ones. */
const slotsPerContext = 8
const slotsMin = 1 << 12
const slotsMax = 1 << 26

/**
 * All contexts that two groups or more share. Time and memory grow with the number of tokens and of places: a first pass
 * counts, in a byte each, so that only contexts seen twice are kept.
 */
export function sharedContexts(groups: readonly Group[], placesOf: Places): Context[] {
  const keys: number[] = []
  const ends: number[] = []
  for (const { tokens } of groups) {
    const [one, two] = hashOf(tokens)
    for (const at of placesOf(tokens)) keys.push(keyWithout(one, two, tokens, at))
    ends.push(keys.length)
  }
  const isRepeated = repeatedAmong(keys)
  const contexts = new Map<number, Context>()
  groups.forEach((group, i) => {
    const from = i === 0 ? 0 : (ends[i - 1] as number)
    let places: readonly (readonly number[])[] | undefined
    for (let k = from; k < (ends[i] as number); k++) {
      const key = keys[k] as number
      if (!isRepeated(key)) continue
      places ??= placesOf(group.tokens)
      addTo(contexts, key, places[k - from] as readonly number[], group)
    }
  })
  return [...contexts.values()].filter((context) => context.groups.length > 1)
}

function addTo(contexts: Map<number, Context>, key: number, at: readonly number[], group: Group): void {
  const context = contexts.get(key)
  if (context === undefined) contexts.set(key, { at, groups: [group] })
  else if (isWithin(context, at, group.tokens)) context.groups.push(group)
}

/** Tells which keys came twice, and wrongly so of a few others. */
function repeatedAmong(keys: readonly number[]): (key: number) => boolean {
  let slots = slotsMin
  while (slots < keys.length * slotsPerContext && slots < slotsMax) slots *= 2
  const counts = new Uint8Array(slots)
  const slotOf = (key: number) => Math.floor(key / 2 ** 21) & (slots - 1)
  for (const key of keys) {
    const slot = slotOf(key)
    if ((counts[slot] as number) < 2) counts[slot] = (counts[slot] as number) + 1
  }
  return (key) => counts[slotOf(key)] === 2
}

const seedOne = 0x9e3779b1
const seedTwo = 0x85ebca6b

/** Two sums over the tokens, each weighted by its place, so that tokens can be taken out again. */
function hashOf(tokens: readonly number[]): [number, number] {
  let one = tokens.length
  let two = tokens.length
  for (let at = 0; at < tokens.length; at++) {
    one = (one + weigh(tokens[at] as number, at, seedOne)) | 0
    two = (two + weigh(tokens[at] as number, at, seedTwo)) | 0
  }
  return [one, two]
}

function keyWithout(one: number, two: number, tokens: readonly number[], places: readonly number[]): number {
  let first = one
  let second = two
  for (const at of places) {
    first = (first - weigh(tokens[at] as number, at, seedOne) + Math.imul(at + 1, 0x27d4eb2f)) | 0
    second = (second - weigh(tokens[at] as number, at, seedTwo)) | 0
  }
  return (first >>> 0) * 2 ** 21 + (second >>> 11)
}

function weigh(token: number, at: number, seed: number): number {
  let hash = Math.imul(token + 1, seed) ^ Math.imul(at + 1, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}

/** Sums may collide; then the later group has no part in the context. */
function isWithin(context: Context, at: readonly number[], tokens: readonly number[]): boolean {
  const first = (context.groups[0] as Group).tokens
  if (first.length !== tokens.length || at.length !== context.at.length) return false
  if (at.some((place, i) => place !== context.at[i])) return false
  for (let i = 0; i < tokens.length; i++) if (tokens[i] !== first[i] && !at.includes(i)) return false
  return true
}
