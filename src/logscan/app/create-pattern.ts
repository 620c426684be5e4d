import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { LogPattern } from '../domain/log-pattern.ts'
import type { SetPattern } from '../domain/pattern-set.ts'
import type { changePatterns } from './change-patterns.ts'
import { requirePattern, requireUsable } from './require-pattern.ts'

interface CreatePatternDeps {
  readonly change: ReturnType<typeof changePatterns>
}

/** Adds a pattern of one's own. Throws `logs.pattern_invalid`, `logs.pattern_taken`, `logs.too_many_patterns`. */
export function createPattern({ change }: CreatePatternDeps) {
  return async (actor: Actor, pattern: LogPattern, isEnabled: boolean): Promise<SetPattern> => {
    requireUsable(pattern)
    const { id } = pattern
    const { set } = await change(actor, (before) => {
      if (before.some((known) => known.pattern.id === id))
        throw new DomainError('logs.pattern_taken', 'conflict', { field: 'id', id })
      return [{ action: 'created', id, own: pattern, isEnabled }]
    })
    return requirePattern(set, id)
  }
}
