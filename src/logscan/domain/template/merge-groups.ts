import { type Context, type Places, sharedContexts } from './contexts.ts'
import { jointEvidence, singleEvidence } from './evidence.ts'
import { type Group, unite } from './group.ts'
import { uniteLists } from './lists.ts'
import { uniteProperties } from './properties.ts'
import { shape, type Vocabulary } from './vocabulary.ts'

const roundsMax = 6
/** Words behind this many tokens never count as varying. */
const placesMax = 64
/** Of the rarest words of a text, two or three together may vary. */
const rarestMax = 4

/** Makes words wild where the groups as a whole say that their place varies, and joins what is then the same. */
export function mergeGroups(all: readonly Group[], vocabulary: Vocabulary): Group[] {
  let groups = uniteProperties(unite(all))
  for (let round = 0; round < roundsMax; round++) {
    const before = groups.length
    const single = varyingAlone(groups, vocabulary)
    // Words that vary together are looked for at first, before one of them is merged away, and when nothing else is left.
    const joint = round === 0 || single.length === 0 ? varyingTogether(groups, vocabulary) : []
    groups = open(groups, [...single, ...joint])
    if (groups.length === before) groups = uniteLists(groups, vocabulary)
    if (groups.length === before) break
  }
  return groups
}

function varyingAlone(groups: readonly Group[], vocabulary: Vocabulary): Context[] {
  const contexts = sharedContexts(groups, (tokens) => wordPlaces(tokens, vocabulary))
  return contexts.filter(singleEvidence(contexts, vocabulary).varies)
}

function varyingTogether(groups: readonly Group[], vocabulary: Vocabulary): Context[] {
  return sharedContexts(groups, rarePlaces(groups, vocabulary)).filter(jointEvidence(vocabulary).varies)
}

/** What varies is decided for all contexts first: opening one must not change what is said of another. */
function open(groups: Group[], contexts: readonly Context[]): Group[] {
  if (contexts.length === 0) return groups
  for (const { at, groups: members } of contexts)
    for (const { tokens } of members) for (const place of at) tokens[place] = 0
  return unite(groups)
}

const singlePlaces = Array.from({ length: placesMax }, (_, at) => [at])

/** Places of words, and of values: a value is evidence that a word in its place is one. */
function wordPlaces(tokens: readonly number[], vocabulary: Vocabulary): number[][] {
  const end = Math.min(tokens.length, placesMax)
  const places: number[][] = []
  for (let at = 0; at < end; at++)
    if (vocabulary.shapeOf(tokens[at] as number) !== shape.delimiter) places.push(singlePlaces[at] as number[])
  return places
}

function rarePlaces(groups: readonly Group[], vocabulary: Vocabulary): Places {
  const seen = new Uint32Array(vocabulary.size())
  for (const { tokens } of groups) for (const word of tokens) seen[word] = (seen[word] as number) + 1
  return (tokens) => pairsAndTriples(rarestOf(tokens, seen, vocabulary))
}

/** The places of the rarest words, ascending; of equally rare ones the first. */
function rarestOf(tokens: readonly number[], seen: Uint32Array, vocabulary: Vocabulary): number[] {
  const rarest: number[] = []
  const countAt = (at: number) => seen[tokens[at] as number] as number
  for (let at = 0; at < Math.min(tokens.length, placesMax); at++) {
    if (vocabulary.shapeOf(tokens[at] as number) <= shape.delimiter) continue
    let rank = rarest.length
    while (rank > 0 && countAt(rarest[rank - 1] as number) > countAt(at)) rank--
    if (rank === rarestMax) continue
    rarest.splice(rank, 0, at)
    if (rarest.length > rarestMax) rarest.pop()
  }
  return rarest.sort((a, b) => a - b)
}

function pairsAndTriples(places: readonly number[]): number[][] {
  const sets: number[][] = []
  for (let i = 0; i < places.length; i++)
    for (let j = i + 1; j < places.length; j++) {
      sets.push([places[i] as number, places[j] as number])
      for (let k = j + 1; k < places.length; k++)
        sets.push([places[i] as number, places[j] as number, places[k] as number])
    }
  return sets
}
