/** Characters of one pattern, and patterns of one file. */
export const textMax = 10_000
export const patternsMax = 10_000

/** A file of patterns that cannot be read; each problem names the entry or line, the field and the rule. */
export class PatternFileError extends Error {
  override readonly name = 'PatternFileError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}
