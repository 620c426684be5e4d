import type { LogPattern } from '../domain/log-pattern.ts'
import { checkPatterns } from './check-patterns.ts'

export interface PatternsWeighed {
  /** Of the programs of all of them; more than `stepsMax` where they come to too much. */
  readonly steps: number
  /** Those that cannot be used, with why and where. */
  readonly problems: readonly string[]
}

/** A pattern that is refused for its size has cost the most. */
const problemsMax = 5

/** How large patterns are together; looks no further once they are too large, or too many of them cannot be used. */
export function weighPatterns(patterns: readonly LogPattern[], stepsMax: number): PatternsWeighed {
  const problems: string[] = []
  let steps = 0
  for (const pattern of patterns) {
    for (const checked of checkPatterns([pattern])) {
      if (checked.ok) steps += checked.steps
      else problems.push(`${pattern.id}: ${checked.reason}, at position ${checked.position}`)
    }
    if (steps > stepsMax || problems.length >= problemsMax) break
  }
  return { steps, problems }
}
