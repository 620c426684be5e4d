import type { Context } from './contexts.ts'
import type { Group } from './group.ts'
import { wildText } from './tokens.ts'
import { shape, type Vocabulary } from './vocabulary.ts'

/** How many different words must stand at one place of a text before they count as values, by the number of words around. */
const neededByContext = [Number.POSITIVE_INFINITY, 9, 6, 5]
/** States, participles and signs are part of what is said, unless there are many. */
const neededOfFixed = 10
/** The first word says what the message is about. */
const extraAtStart = 4
const fewerOfIdentifiers = 2
const fewerOfQualified = 3
/** An object between two prepositions, as in `password for root from`. */
const neededOfObjects = 3
/** A name behind the noun that announces it, as in `for user root`, or before a number in brackets, as in `cron[17]`. */
const neededOfNames = 2

const prepositions = new Set('for from to on by at of in with as via'.split(' '))
const namedNouns = new Set(
  'user username account group host hostname server client node device file database table process service package module class'.split(
    ' ',
  ),
)

/** Judges whether the words at a context's places are values. */
interface Evidence {
  varies(context: Context): boolean
}

/** Weighs single places, with what the other contexts of the same round tell about the same words. */
export function singleEvidence(contexts: readonly Context[], vocabulary: Vocabulary): Evidence {
  const recurrence = recurrenceOf(contexts, vocabulary)
  return {
    varies(context) {
      const around = wordsAround(context, vocabulary)
      if (around === 0) return false
      const place = context.at[0] as number
      const words = wordsAt(context, place)
      const looks = looksOf(words, vocabulary)
      if (looks.verbal === 0 && around >= 2) {
        if (words.length >= neededOfNames && isNamed(context, place, vocabulary)) return true
        if (looks.states > 0) return words.length >= needed(looks, words.length, around, place)
        if (looks.wild > 0) return true
        if (words.length >= neededOfObjects && isObject(context, place, vocabulary)) return true
        if (words.length >= neededOfObjects && recurrence(context, words) * 2 > words.length) return true
      }
      return words.length >= needed(looks, words.length, around, place)
    },
  }
}

/** Weighs two or three places at once: each must vary by itself. */
export function jointEvidence(vocabulary: Vocabulary): Evidence {
  return {
    varies(context) {
      const around = wordsAround(context, vocabulary)
      if (around < 2) return false
      return context.at.every((place) => {
        const words = wordsAt(context, place)
        const looks = looksOf(words, vocabulary)
        return words.length >= needed(looks, words.length, around, place)
      })
    },
  }
}

/** How many of the words look how; an identifier may be a qualified one. */
interface Looks {
  readonly wild: number
  readonly verbal: number
  readonly states: number
  readonly identifiers: number
  readonly qualified: number
}

function looksOf(words: readonly number[], vocabulary: Vocabulary): Looks {
  const looks = { wild: 0, verbal: 0, states: 0, identifiers: 0, qualified: 0 }
  for (const word of words) {
    const look = vocabulary.shapeOf(word)
    if (look === shape.wild) looks.wild++
    else if (look === shape.verbal || look === shape.sign) looks.verbal++
    else if (look === shape.state) looks.states++
    else if (look === shape.qualified) looks.qualified++
    if (look === shape.identifier || look === shape.qualified) looks.identifiers++
  }
  return looks
}

function needed(
  { verbal, states, identifiers, qualified }: Looks,
  words: number,
  around: number,
  place: number,
): number {
  if ((verbal + states) * 2 > words) return neededOfFixed
  const base = neededByContext[Math.min(around, neededByContext.length - 1)] as number
  const fewer = qualified * 2 > words ? fewerOfQualified : identifiers * 2 > words ? fewerOfIdentifiers : 0
  const extra = place > 0 ? 0 : qualified * 2 > words ? extraAtStart / 2 : extraAtStart
  return base + extra - fewer
}

function wordsAt({ groups }: Context, place: number): number[] {
  return [...new Set(groups.map(({ tokens }) => tokens[place] as number))]
}

function wordsAround({ at, groups }: Context, vocabulary: Vocabulary): number {
  let words = 0
  ;(groups[0] as Group).tokens.forEach((token, i) => {
    const look = vocabulary.shapeOf(token)
    if (look !== shape.wild && look !== shape.delimiter && look !== shape.sign && !at.includes(i)) words++
  })
  return words
}

function isNamed({ groups }: Context, place: number, vocabulary: Vocabulary): boolean {
  const { tokens, shown } = groups[0] as Group
  const textAt = (at: number) => (at < 0 || at >= tokens.length ? '' : vocabulary.textOf(tokens[at] as number))
  if (namedNouns.has(textAt(place - 1)) && prepositions.has(textAt(place - 2))) return true
  const numbered = textAt(place + 1) === '[' && textAt(place + 2) === wildText && textAt(place + 3) === ']'
  return numbered && shown[place + 1]?.spaced === false
}

function isObject({ groups }: Context, place: number, vocabulary: Vocabulary): boolean {
  const { tokens } = groups[0] as Group
  if (place === 0 || place + 1 >= tokens.length) return false
  return [place - 1, place + 1].every((at) => prepositions.has(vocabulary.textOf(tokens[at] as number)))
}

/** Counts, for a context, its words that also stand behind the same word in another context. */
function recurrenceOf(contexts: readonly Context[], vocabulary: Vocabulary) {
  const seen = new Map<string, number>()
  const keyOf = (before: string, word: number) => `${before} ${word}`
  for (const context of contexts) {
    const before = beforeOf(context, vocabulary)
    for (const word of wordsAt(context, context.at[0] as number))
      seen.set(keyOf(before, word), (seen.get(keyOf(before, word)) ?? 0) + 1)
  }
  return (context: Context, words: readonly number[]) => {
    const before = beforeOf(context, vocabulary)
    if (before === '') return 0
    return words.filter((word) => (seen.get(keyOf(before, word)) ?? 0) > 1).length
  }
}

/** The word, and the delimiters behind it, before the place; none at the start, and none where a verb's state follows. */
function beforeOf({ at, groups }: Context, vocabulary: Vocabulary): string {
  const { tokens } = groups[0] as Group
  let place = (at[0] as number) - 1
  let before = ''
  while (place >= 0 && vocabulary.shapeOf(tokens[place] as number) === shape.delimiter)
    before = vocabulary.textOf(tokens[place--] as number) + before
  if (place < 0) return ''
  const word = vocabulary.textOf(tokens[place] as number)
  return stating.has(word) ? '' : word + before
}

/** Words before a state, not before a name. */
const stating = new Set('is are was were be been being has have had not now will can could did does'.split(' '))
