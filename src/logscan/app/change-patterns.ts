import type { Actor } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { LogPattern } from '../domain/log-pattern.ts'
import { type PatternSetting, patternSet, type SetPattern } from '../domain/pattern-set.ts'
import type { AuditEntry, LogsStore } from './ports.ts'
import { staffName } from './staff-name.ts'
import { stepsMax, weighPatterns } from './weigh-patterns.ts'

export interface PatternChange {
  readonly action: 'created' | 'updated' | 'enabled' | 'disabled'
  readonly id: string
  /** Null for a built-in pattern. */
  readonly own: LogPattern | null
  readonly isEnabled: boolean
}

export interface PatternsChanged {
  /** Of the set, once it was changed. */
  readonly version: number
  readonly set: readonly SetPattern[]
}

interface ChangePatternsDeps {
  readonly store: LogsStore
  readonly clock: Clock
}

/** Patterns of staff. */
export const patternsMax = 500

/**
 * Changes the patterns, one after the other: `decide` says how, from the set as it stands. Nothing to change makes no new
 * version. Throws `logs.too_many_patterns`, and what `decide` throws.
 */
export function changePatterns({ store, clock }: ChangePatternsDeps) {
  return async (
    actor: Actor,
    decide: (set: readonly SetPattern[]) => readonly PatternChange[],
  ): Promise<PatternsChanged> =>
    store.transaction(async (tx) => {
      const before = await tx.patterns.lock()
      const kept = new Map((await tx.patterns.all()).map((setting) => [setting.id, setting]))
      const changes = decide(patternSet([...kept.values()]))
      if (changes.length === 0) return { version: before, set: patternSet([...kept.values()]) }
      const version = before + 1
      const now = clock.now().getTime()
      const changed = changes.map(({ id, own, isEnabled }): PatternSetting => {
        return { id, own, isEnabled, version, createdAt: kept.get(id)?.createdAt ?? now, updatedAt: now }
      })
      for (const setting of changed) kept.set(setting.id, setting)
      const set = patternSet([...kept.values()])
      requireRoom(set)
      const by = staffName(actor)
      await tx.patterns.save(version, by, changed)
      await tx.audit(changes.map((change) => auditOf(change, version, by)))
      return { version, set }
    })
}

function requireRoom(set: readonly SetPattern[]): void {
  if (set.filter(({ isBuiltIn }) => !isBuiltIn).length > patternsMax)
    throw new DomainError('logs.too_many_patterns', 'conflict', { max: patternsMax })
  const { steps } = weighPatterns(set.filter(({ isEnabled }) => isEnabled).map(({ pattern }) => pattern))
  if (steps > stepsMax) throw new DomainError('logs.too_many_patterns', 'conflict', { stepsMax })
}

function auditOf({ action, id, own }: PatternChange, version: number, actor: string): AuditEntry {
  const isDefined = own !== null && (action === 'created' || action === 'updated')
  const details = isDefined
    ? { version, title: own.title, level: own.level, ignoreCase: own.ignoreCase, ...own.match }
    : { version }
  return { actor, action: `log_pattern.${action}`, subject: `log_pattern:${id}`, details }
}
