import { DomainError } from '../../kernel/errors.ts'
import type { LogPattern } from '../domain/log-pattern.ts'
import { costOf, type PatternCost } from '../domain/match/pattern-cost.ts'
import type { NumberedLine } from './read-context.ts'
import { requireUsable } from './require-pattern.ts'

export interface MatchedLine extends NumberedLine {
  /** Bytes. */
  readonly length: number
}

/** Looks for a pattern in a text: how many lines match, and the first of them. */
export type MatchText = (
  pattern: LogPattern,
  text: string,
  linesMax: number,
) => { readonly matches: number; readonly lines: readonly MatchedLine[] }

const linesMax = 1000
/** A character may have to be compared with every step; all this is a fraction of a second. */
const stepsTimesLengthMax = 10_000_000

/** Tries a pattern on a text, before anybody relies on it. Throws `logs.pattern_invalid`, `logs.text_too_long`. */
export function testPattern({ matchText }: { matchText: MatchText }) {
  return (
    tried: Pick<LogPattern, 'match' | 'ignoreCase'>,
    text: string,
  ): ReturnType<MatchText> & { readonly cost: PatternCost } => {
    const pattern: LogPattern = { id: 'tried', title: 'tried', level: 'error', ...tried }
    const lengthMax = Math.floor(stepsTimesLengthMax / Math.max(1, requireUsable(pattern)))
    if (text.length > lengthMax)
      throw new DomainError('logs.text_too_long', 'invalid', { field: 'text', max: lengthMax })
    return { ...matchText(pattern, text, linesMax), cost: costOf(pattern) }
  }
}
