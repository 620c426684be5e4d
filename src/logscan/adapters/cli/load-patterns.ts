import { readFile } from 'node:fs/promises'
import { checkPatterns } from '../../app/check-patterns.ts'
import type { LogPattern } from '../../domain/log-pattern.ts'
import { builtInPatterns } from '../../domain/pattern-pack.ts'
import { readPatternFile } from '../patterns/pattern-file.ts'
import { PatternFileError } from '../patterns/pattern-file-error.ts'
import { describeError } from '../scan/describe-error.ts'
import { InputError } from './input-error.ts'

/** The patterns of a file, or the built-in ones; those that cannot be used are left out, with a line for each. Throws InputError. */
export async function loadPatterns(
  file: string | undefined,
): Promise<{ readonly patterns: readonly LogPattern[]; readonly problems: readonly string[] }> {
  if (file === undefined) return { patterns: builtInPatterns, problems: [] }
  const checked = checkPatterns(await readPatterns(file))
  const problems = checked.flatMap((result) =>
    result.ok ? [] : [`${file}: ${result.pattern.id}: ${result.reason}, at position ${result.position}`],
  )
  const patterns = checked.flatMap((result) => (result.ok ? [result.pattern] : []))
  if (patterns.length === 0) throw new InputError([...problems, `${file}: no pattern in it can be used`].join('\n'))
  return { patterns, problems }
}

/** Throws InputError. */
export async function readPatterns(file: string): Promise<readonly LogPattern[]> {
  try {
    return await readPatternFile(file, await readFile(file, 'utf8'))
  } catch (error) {
    if (error instanceof PatternFileError)
      throw new InputError(error.problems.map((problem) => `${file}: ${problem}`).join('\n'))
    throw new InputError(`${file}: ${describeError(error)}`)
  }
}
