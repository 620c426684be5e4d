import type { Actor } from '../../kernel/actor.ts'
import type { SetPattern } from '../domain/pattern-set.ts'
import type { changePatterns } from './change-patterns.ts'
import { requirePattern } from './require-pattern.ts'

interface EnablePatternDeps {
  readonly change: ReturnType<typeof changePatterns>
}

/** Switches a pattern on or off, a built-in one too. Throws `logs.pattern_not_found`, `logs.too_many_patterns`. */
export function enablePattern({ change }: EnablePatternDeps) {
  return async (actor: Actor, id: string, isEnabled: boolean): Promise<SetPattern> => {
    const { set } = await change(actor, (before) => {
      const known = requirePattern(before, id)
      if (known.isEnabled === isEnabled) return []
      const own = known.isBuiltIn ? null : known.pattern
      return [{ action: isEnabled ? 'enabled' : 'disabled', id, own, isEnabled }]
    })
    return requirePattern(set, id)
  }
}
