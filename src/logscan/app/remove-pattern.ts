import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { changePatterns } from './change-patterns.ts'
import { requirePattern } from './require-pattern.ts'

interface RemovePatternDeps {
  readonly change: ReturnType<typeof changePatterns>
}

/**
 * Has a pattern of one's own looked for no more, and forgets it; what was found by it stays. Throws
 * `logs.pattern_not_found`, `logs.pattern_built_in`.
 */
export function removePattern({ change }: RemovePatternDeps) {
  return async (actor: Actor, id: string): Promise<void> => {
    await change(actor, (before) => {
      if (requirePattern(before, id).isBuiltIn)
        throw new DomainError('logs.pattern_built_in', 'conflict', { field: 'id', id })
      return [{ action: 'removed', id, own: null, isEnabled: false }]
    })
  }
}
