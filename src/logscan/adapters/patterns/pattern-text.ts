import { stringify } from 'yaml'
import type { ReadPatterns } from '../../app/import-patterns.ts'
import type { LogPattern } from '../../domain/log-pattern.ts'
import { readPatterns } from './pattern-file.ts'
import { PatternFileError } from './pattern-file-error.ts'

/** Reads YAML, as it is imported. */
export const readPatternText: ReadPatterns = async (text) => {
  try {
    return { patterns: await readPatterns('patterns.yaml', text), problems: [] }
  } catch (error) {
    if (error instanceof PatternFileError) return { patterns: [], problems: error.problems }
    // Aliases that stand for too much, or for nothing.
    if (error instanceof ReferenceError) return { patterns: [], problems: [error.message] }
    throw error
  }
}

/** Writes YAML that `readPatternText` reads as the same patterns. */
export function writePatternText(patterns: readonly LogPattern[]): string {
  const entries = patterns.map(({ id, title, level, match, ignoreCase }) => ({
    ...{ id, title, level },
    ...('regex' in match ? { regex: match.regex } : { any_of: match.anyOf }),
    ...(ignoreCase ? { ignore_case: true } : {}),
  }))
  return stringify(entries, { lineWidth: 0 })
}
