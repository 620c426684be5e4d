import { parsePattern } from './pattern/parse.ts'
import type { Pattern } from './pattern/syntax.ts'

export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type Level = (typeof levels)[number]

/** What to look for in lines: a regular expression, or texts of which one must stand in the line. */
export interface LogPattern {
  readonly id: string
  readonly title: string
  readonly level: Level
  readonly match: { readonly regex: string } | { readonly anyOf: readonly string[] }
  readonly ignoreCase: boolean
}

/** Throws PatternError, whose position is within the regular expression. */
export function treeOf({ match, ignoreCase }: LogPattern): Pattern {
  if ('regex' in match) return parsePattern(match.regex, { ignoreCase })
  const options = match.anyOf.map((text) => parsePattern(quote(text), { ignoreCase }))
  return options.length === 1 ? (options[0] as Pattern) : { kind: 'choice', options }
}

function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
