import { type LogPattern, treeOf } from '../domain/log-pattern.ts'
import { compileProgram } from '../domain/pattern/program.ts'
import { type Pattern, PatternError } from '../domain/pattern/syntax.ts'

/** What came of one pattern: how it is read, and the number of steps of its program, which is what it costs; or why it cannot be used. */
export type CheckedPattern = { readonly pattern: LogPattern } & (
  | { readonly ok: true; readonly tree: Pattern; readonly steps: number }
  | { readonly ok: false; readonly reason: string; readonly position: number }
)

/** Says of each pattern whether it can be used, and how large it is. */
export function checkPatterns(patterns: readonly LogPattern[]): CheckedPattern[] {
  return patterns.map((pattern) => {
    try {
      const tree = treeOf(pattern)
      return { pattern, ok: true, tree, steps: compileProgram([tree]).steps.length }
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      return { pattern, ok: false, reason: error.reason, position: error.position }
    }
  })
}
