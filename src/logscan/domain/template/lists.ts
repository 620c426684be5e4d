import { type Group, unite } from './group.ts'
import { type Token, wildText } from './tokens.ts'
import { shape, type Vocabulary } from './vocabulary.ts'

/** The tokens from `from` to before `to` are words with commas between them. */
interface Span {
  readonly from: number
  readonly to: number
}

const wordsAroundMin = 2

/** Joins groups that differ only in lists of words, such as `(alice, bob)` and `(alice, bob, carol)`. */
export function uniteLists(groups: Group[], vocabulary: Vocabulary): Group[] {
  const byRest = new Map<string, { group: Group; lists: Span[] }[]>()
  for (const group of groups) {
    const lists = listsOf(group.shown)
    if (lists.length === 0) continue
    const rest = replaceLists(group.tokens, lists, 0)
    if (rest.filter((token) => vocabulary.shapeOf(token) >= shape.plain).length < wordsAroundMin) continue
    const key = rest.join(' ')
    const alike = byRest.get(key)
    if (alike === undefined) byRest.set(key, [{ group, lists }])
    else alike.push({ group, lists })
  }
  const shared = [...byRest.values()].filter((alike) => alike.length > 1)
  for (const alike of shared) {
    for (const { group, lists } of alike) {
      group.tokens = replaceLists(group.tokens, lists, 0)
      group.shown = replaceLists(group.shown, lists, { text: wildText, spaced: false })
    }
  }
  return shared.length === 0 ? groups : unite(groups)
}

/** Lists that fill a pair of brackets, or have no space behind their commas; in prose a comma says nothing. */
function listsOf(tokens: readonly Token[]): Span[] {
  const lists: Span[] = []
  for (let from = 0; from < tokens.length; from++) {
    if (!isItem(tokens[from])) continue
    let to = from + 1
    let tight = true
    while (tokens[to]?.text === ',' && isItem(tokens[to + 1])) {
      tight &&= tokens[to]?.spaced === false && tokens[to + 1]?.spaced === false
      to += 2
    }
    const enclosed = isOneOf('([{', tokens[from - 1]) && isOneOf(')]}', tokens[to])
    if (to > from + 1 && (tight || enclosed)) lists.push({ from, to })
    from = to - 1
  }
  return lists
}

function isItem(token: Token | undefined): boolean {
  return token !== undefined && (token.text.length > 1 || !isOneOf(',;:=()[]{}<>"\'|#@', token))
}

function isOneOf(texts: string, token: Token | undefined): boolean {
  return token !== undefined && token.text.length === 1 && texts.includes(token.text)
}

function replaceLists<T>(tokens: readonly T[], lists: readonly Span[], replacement: T): T[] {
  const replaced: T[] = []
  let done = 0
  for (const { from, to } of lists) {
    replaced.push(...tokens.slice(done, from), replacement)
    done = to
  }
  replaced.push(...tokens.slice(done))
  return replaced
}
