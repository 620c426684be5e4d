import { type Group, groupOf } from './group.ts'
import { mergeGroups } from './merge-groups.ts'
import { createTokenizer, textOf } from './tokens.ts'
import { createVocabulary } from './vocabulary.ts'

interface Template {
  /** The words that are always there, and `<*>` for what varies. */
  readonly text: string
  /** How many lines, by the leaves' counts. */
  readonly lines: number
}

export interface Settled {
  /** By leaf number: the number of its template. */
  readonly templateOf: Int32Array
  /** Most lines first; ties by text. */
  readonly templates: readonly Template[]
}

/**
 * Merges leaves into templates. The partition depends on the leaves' texts and counts, not on their order.
 * Time and memory grow with the number of words in all leaves.
 */
export function settleLeaves(texts: readonly string[], counts: readonly number[]): Settled {
  const order = texts.map((_, leaf) => leaf).sort((a, b) => compare(texts[a] as string, texts[b] as string))
  const vocabulary = createVocabulary()
  const tokensOf = createTokenizer()
  const leaves = order.map((leaf) => groupOf(tokensOf(texts[leaf] as string), leaf, counts[leaf] as number, vocabulary))
  const named = mergeGroups(leaves, vocabulary).map((group) => ({ group, text: shownText(group), lines: group.lines }))
  named.sort((a, b) => b.lines - a.lines || compare(a.text, b.text))
  const templateOf = new Int32Array(texts.length)
  named.forEach(({ group }, template) => {
    for (const leaf of group.leaves) templateOf[leaf] = template
  })
  return { templateOf, templates: named.map(({ text, lines }) => ({ text, lines })) }
}

function shownText({ shown, tokens }: Group): string {
  return textOf(shown, (at) => tokens[at] === 0)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
