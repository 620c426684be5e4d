import { DomainError } from '../../kernel/errors.ts'
import type { LogPattern } from '../domain/log-pattern.ts'
import type { SetPattern } from '../domain/pattern-set.ts'
import { checkPatterns } from './check-patterns.ts'

/** Throws `logs.pattern_not_found`. */
export function requirePattern(set: readonly SetPattern[], id: string): SetPattern {
  const found = set.find(({ pattern }) => pattern.id === id)
  if (found === undefined) throw new DomainError('logs.pattern_not_found', 'not_found', { field: 'id', id })
  return found
}

/** How many steps its program has. Throws `logs.pattern_invalid` with the reason, and the position in the expression. */
export function requireUsable(pattern: LogPattern): number {
  let steps = 0
  for (const checked of checkPatterns([pattern]))
    if (checked.ok) steps = checked.steps
    else
      throw new DomainError('logs.pattern_invalid', 'invalid', {
        field: 'regex' in pattern.match ? 'regex' : 'anyOf',
        reason: checked.reason,
        position: checked.position,
      })
  return steps
}
