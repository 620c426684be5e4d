import { type LogPattern, measure } from '../domain/log-pattern.ts'
import { PatternError } from '../domain/pattern/syntax.ts'

/** What came of one pattern. `states` is null where they are too many for one automaton: it is matched the slower way. */
export type CheckedPattern = { readonly pattern: LogPattern } & (
  | { readonly ok: true; readonly steps: number; readonly states: number | null }
  | { readonly ok: false; readonly reason: string; readonly position: number }
)

/** Says of each pattern whether it can be used, and how large it is. */
export function checkPatterns({ statesMax }: { statesMax: number }) {
  return (patterns: readonly LogPattern[]): CheckedPattern[] =>
    patterns.map((pattern) => {
      try {
        return { pattern, ok: true, ...measure(pattern, statesMax) }
      } catch (error) {
        if (!(error instanceof PatternError)) throw error
        return { pattern, ok: false, reason: error.reason, position: error.position }
      }
    })
}
