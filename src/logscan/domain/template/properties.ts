import { type Group, unite } from './group.ts'
import { type Token, wildText } from './tokens.ts'

/** So many different keys behind the same words are a dump of properties. */
const keysMin = 4

/** Joins the lines of a dump of properties: `Server environment:os.name=Linux`, `Server environment:user.dir=/srv`. */
export function uniteProperties(groups: Group[]): Group[] {
  const byPrefix = new Map<string, { group: Group; from: number }[]>()
  for (const group of groups) {
    const from = propertyStart(group.shown)
    if (from < 0) continue
    const prefix = group.tokens.slice(0, from).join(' ')
    const alike = byPrefix.get(prefix)
    if (alike === undefined) byPrefix.set(prefix, [{ group, from }])
    else alike.push({ group, from })
  }
  const dumps = [...byPrefix.values()].filter(
    (alike) => new Set(alike.map(({ group, from }) => group.tokens[from])).size >= keysMin,
  )
  for (const alike of dumps) {
    for (const { group, from } of alike) {
      const value = { text: wildText, spaced: group.shown[from]?.spaced ?? false }
      group.tokens = [...group.tokens.slice(0, from), 0]
      group.shown = [...group.shown.slice(0, from), value]
    }
  }
  return dumps.length === 0 ? groups : unite(groups)
}

/** Where the first assignment of the text begins, if it follows a colon and its key has a dot inside; or -1. */
function propertyStart(tokens: readonly Token[]): number {
  const assigned = tokens.findIndex(({ text }) => text === '=')
  const from = assigned - 1
  if (from < 2 || tokens[from - 1]?.text !== ':') return -1
  return /[^.]\.[^.]/.test(tokens[from]?.text ?? '') ? from : -1
}
