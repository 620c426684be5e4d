import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { LogPattern } from '../domain/log-pattern.ts'
import { isSamePattern, type SetPattern } from '../domain/pattern-set.ts'
import type { changePatterns } from './change-patterns.ts'
import { requirePattern, requireUsable } from './require-pattern.ts'

interface UpdatePatternDeps {
  readonly change: ReturnType<typeof changePatterns>
}

/**
 * Changes a pattern of one's own; what is not named stays. Throws `logs.pattern_not_found`, `logs.pattern_built_in`,
 * `logs.pattern_invalid`, `logs.too_many_patterns`.
 */
export function updatePattern({ change }: UpdatePatternDeps) {
  return async (actor: Actor, id: string, wanted: Partial<Omit<LogPattern, 'id'>>): Promise<SetPattern> => {
    const { set } = await change(actor, (before) => {
      const { pattern, isBuiltIn, isEnabled } = requirePattern(before, id)
      if (isBuiltIn) throw new DomainError('logs.pattern_built_in', 'conflict', { field: 'id', id })
      const own = { ...pattern, ...wanted }
      requireUsable(own)
      return isSamePattern(pattern, own) ? [] : [{ action: 'updated', id, own, isEnabled }]
    })
    return requirePattern(set, id)
  }
}
