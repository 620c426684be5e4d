import type { Token } from './tokens.ts'
import type { Vocabulary } from './vocabulary.ts'

/** Leaves of which it is decided that they are one template. */
export interface Group {
  /** Words of the vocabulary; 0 where they vary. */
  tokens: number[]
  /** The tokens to show it by: those of its first leaf. */
  shown: readonly Token[]
  readonly leaves: number[]
  lines: number
}

export function groupOf(shown: readonly Token[], leaf: number, lines: number, vocabulary: Vocabulary): Group {
  return { tokens: shown.map(({ text }) => vocabulary.idOf(text)), shown, leaves: [leaf], lines }
}

/** Joins the groups whose tokens are the same; the first one of each remains. */
export function unite(groups: readonly Group[]): Group[] {
  const byTokens = new Map<string, Group>()
  for (const group of groups) {
    const key = group.tokens.join(' ')
    const same = byTokens.get(key)
    if (same === undefined) byTokens.set(key, group)
    else {
      for (const leaf of group.leaves) same.leaves.push(leaf)
      same.lines += group.lines
    }
  }
  return [...byTokens.values()]
}
