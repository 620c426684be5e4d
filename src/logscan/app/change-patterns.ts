import type { Actor } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { LogPattern } from '../domain/log-pattern.ts'
import { type PatternSetting, patternSet, type SetPattern } from '../domain/pattern-set.ts'
import type { AuditEntry, LogsStore } from './ports.ts'
import { staffName } from './staff-name.ts'
import { weighPatterns } from './weigh-patterns.ts'

export interface PatternChange {
  readonly action: 'created' | 'updated' | 'enabled' | 'disabled' | 'removed'
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
  readonly limits: PatternLimits
}

export interface PatternLimits {
  /** Patterns of staff, and the characters of all of them with their ids and titles. */
  readonly patternsMax: number
  readonly charsMax: number
  /** Steps of the programs of all that are looked for: they are looked for together, and that takes memory. */
  readonly stepsMax: number
}

/**
 * Changes the patterns, one after the other: `decide` says how, from the set as it stands. Nothing to change makes no new
 * version. Throws `logs.too_many_patterns`, and what `decide` throws.
 */
export function changePatterns({ store, clock, limits }: ChangePatternsDeps) {
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
      const removed = new Set(changes.filter(({ action }) => action === 'removed').map(({ id }) => id))
      for (const setting of changed)
        if (removed.has(setting.id)) kept.delete(setting.id)
        else kept.set(setting.id, setting)
      const set = patternSet([...kept.values()])
      requireRoom(set, limits)
      const by = staffName(actor)
      await tx.patterns.save(
        version,
        by,
        changed.filter(({ id }) => !removed.has(id)),
      )
      await tx.patterns.remove([...removed])
      await tx.audit(changes.map((change) => auditOf(change, version, by)))
      return { version, set }
    })
}

function requireRoom(set: readonly SetPattern[], { patternsMax, charsMax, stepsMax }: PatternLimits): void {
  const own = set.filter(({ isBuiltIn }) => !isBuiltIn)
  if (own.length > patternsMax) throw new DomainError('logs.too_many_patterns', 'conflict', { max: patternsMax })
  const chars = own.reduce((sum, { pattern }) => sum + charsOf(pattern), 0)
  if (chars > charsMax) throw new DomainError('logs.too_many_patterns', 'conflict', { charsMax })
  const enabled = set.filter(({ isEnabled }) => isEnabled).map(({ pattern }) => pattern)
  const { steps } = weighPatterns(enabled, stepsMax)
  if (steps > stepsMax) throw new DomainError('logs.too_many_patterns', 'conflict', { stepsMax })
}

function charsOf({ id, title, match }: LogPattern): number {
  const texts = 'regex' in match ? [match.regex] : match.anyOf
  return id.length + title.length + texts.reduce((sum, text) => sum + text.length, 0)
}

function auditOf({ action, id, own }: PatternChange, version: number, actor: string): AuditEntry {
  const isDefined = own !== null && (action === 'created' || action === 'updated')
  const details = isDefined
    ? { version, title: own.title, level: own.level, ignoreCase: own.ignoreCase, ...own.match }
    : { version }
  return { actor, action: `log_pattern.${action}`, subject: `log_pattern:${id}`, details }
}
