import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { LogPattern } from '../domain/log-pattern.ts'
import { isSamePattern, type SetPattern } from '../domain/pattern-set.ts'
import type { changePatterns, PatternChange, PatternLimits } from './change-patterns.ts'
import { weighPatterns } from './weigh-patterns.ts'

/** What a text says: patterns, or why it cannot be read. */
export type ReadPatterns = (
  text: string,
) => Promise<{ readonly patterns: readonly LogPattern[]; readonly problems: readonly string[] }>

interface ImportPatternsDeps {
  readonly change: ReturnType<typeof changePatterns>
  readonly readPatterns: ReadPatterns
  readonly limits: PatternLimits
}

export interface PatternsImported {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly version: number
}

const problemsMax = 20
const idRule = /^[\w.-]{1,60}$/
/** Characters of all that one pattern looks for. */
const lengthMax = 10_000

/**
 * Takes all patterns of a text, or none; those that are there already are replaced, and stay switched on or off. Throws
 * `logs.patterns_unreadable`, `logs.too_many_patterns`.
 */
export function importPatterns({ change, readPatterns, limits: { patternsMax, stepsMax } }: ImportPatternsDeps) {
  return async (actor: Actor, text: string): Promise<PatternsImported> => {
    const { patterns, problems } = await readPatterns(text)
    refuse([...problems, ...patterns.flatMap(sizeProblems)])
    if (patterns.length > patternsMax)
      throw new DomainError('logs.too_many_patterns', 'conflict', { field: 'yaml', max: patternsMax })
    refuse(weighPatterns(patterns, stepsMax).problems)
    let changes: PatternChange[] = []
    const { version } = await change(actor, (before) => {
      const known = new Map(before.map((entry) => [entry.pattern.id, entry]))
      const builtIn = patterns.filter(({ id }) => known.get(id)?.isBuiltIn === true)
      refuse(builtIn.map(({ id }) => `${id}: is built in, and can only be switched on and off`))
      changes = patterns.flatMap((pattern) => changeOf(pattern, known.get(pattern.id)))
      return changes
    })
    const created = changes.filter(({ action }) => action === 'created').length
    const updated = changes.length - created
    return { created, updated, unchanged: patterns.length - changes.length, version }
  }
}

function sizeProblems({ id, match }: LogPattern): string[] {
  const length = 'regex' in match ? match.regex.length : match.anyOf.reduce((sum, text) => sum + text.length, 0)
  return [
    ...(idRule.test(id) ? [] : [`${id}: id is longer than 60 characters`]),
    ...(length <= lengthMax ? [] : [`${id}: any_of is longer than ${lengthMax} characters`]),
  ]
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return
  throw new DomainError('logs.patterns_unreadable', 'invalid', {
    field: 'yaml',
    problems: problems.slice(0, problemsMax),
  })
}

function changeOf(pattern: LogPattern, known: SetPattern | undefined): PatternChange[] {
  const { id } = pattern
  if (known === undefined) return [{ action: 'created', id, own: pattern, isEnabled: true }]
  if (isSamePattern(known.pattern, pattern)) return []
  return [{ action: 'updated', id, own: pattern, isEnabled: known.isEnabled }]
}
