import { readFile } from 'node:fs/promises'
import { checkPatterns } from '../../app/check-patterns.ts'
import { type LogPattern, treeOf } from '../../domain/log-pattern.ts'
import type { Pattern } from '../../domain/pattern/syntax.ts'
import { builtInPatterns } from '../../domain/pattern-pack.ts'
import { readPatternFile } from '../patterns/pattern-file.ts'
import { PatternFileError } from '../patterns/pattern-file-error.ts'
import { describeError } from '../scan/describe-error.ts'
import { InputError } from './input-error.ts'

export interface LoadedPatterns {
  readonly patterns: readonly LogPattern[]
  /** How each of them is read. */
  readonly trees: readonly Pattern[]
  readonly problems: readonly string[]
}

/** The patterns of a file, or the built-in ones; those that cannot be used are left out, with a line for each. Throws InputError. */
export async function loadPatterns(file: string | undefined): Promise<LoadedPatterns> {
  if (file === undefined) return { patterns: builtInPatterns, trees: builtInPatterns.map(treeOf), problems: [] }
  const checked = checkPatterns(await readPatterns(file))
  const problems = checked.flatMap((result) =>
    result.ok ? [] : [`${file}: ${result.pattern.id}: ${result.reason}, at position ${result.position}`],
  )
  const usable = checked.flatMap((result) => (result.ok ? [result] : []))
  if (usable.length === 0) throw new InputError([...problems, `${file}: no pattern in it can be used`].join('\n'))
  return { patterns: usable.map(({ pattern }) => pattern), trees: usable.map(({ tree }) => tree), problems }
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
