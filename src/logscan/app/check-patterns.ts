import { type LogPattern, stepsOf } from '../domain/log-pattern.ts'
import { PatternError } from '../domain/pattern/syntax.ts'

/** What came of one pattern: its size in steps, or why it cannot be used. */
export type CheckedPattern = { readonly pattern: LogPattern } & (
  | { readonly ok: true; readonly steps: number }
  | { readonly ok: false; readonly reason: string; readonly position: number }
)

/** Says of each pattern whether it can be used, and how large it is. */
export function checkPatterns(patterns: readonly LogPattern[]): CheckedPattern[] {
  return patterns.map((pattern) => {
    try {
      return { pattern, ok: true, steps: stepsOf(pattern) }
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      return { pattern, ok: false, reason: error.reason, position: error.position }
    }
  })
}
