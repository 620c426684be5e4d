import type { LogPattern } from './log-pattern.ts'
import { builtInPatterns } from './pattern-pack.ts'

/** What is kept of a pattern. Times are in ms since the epoch. */
export interface PatternSetting {
  readonly id: string
  /** Null for a built-in pattern that was switched. */
  readonly own: LogPattern | null
  readonly isEnabled: boolean
  /** Version of the set that changed it last. */
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** A pattern of the set; one that is built in and that nobody changed has version 0 and no times. */
export interface SetPattern {
  readonly pattern: LogPattern
  readonly isBuiltIn: boolean
  readonly isEnabled: boolean
  readonly version: number
  readonly createdAt: number | null
  readonly updatedAt: number | null
}

/** All patterns there are, by their ids: the built-in ones as they were switched, and those of staff. */
export function patternSet(settings: readonly PatternSetting[]): SetPattern[] {
  const kept = new Map(settings.map((setting) => [setting.id, setting]))
  const builtIn = builtInPatterns
    // Staff may have had the id before it came with the product: theirs stays.
    .filter(({ id }) => (kept.get(id)?.own ?? null) === null)
    .map((pattern) => setPattern(pattern, kept.get(pattern.id)))
  const own = settings.flatMap((setting) => (setting.own === null ? [] : [setPattern(setting.own, setting)]))
  return [...builtIn, ...own].sort((a, b) => (a.pattern.id < b.pattern.id ? -1 : 1))
}

function setPattern(pattern: LogPattern, setting: PatternSetting | undefined): SetPattern {
  return {
    pattern,
    isBuiltIn: (setting?.own ?? null) === null,
    isEnabled: setting?.isEnabled ?? true,
    version: setting?.version ?? 0,
    createdAt: setting?.createdAt ?? null,
    updatedAt: setting?.updatedAt ?? null,
  }
}

export function isSamePattern(one: LogPattern, other: LogPattern): boolean {
  return JSON.stringify(comparable(one)) === JSON.stringify(comparable(other))
}

function comparable({ id, title, level, match, ignoreCase }: LogPattern) {
  return [id, title, level, ignoreCase, 'regex' in match ? match.regex : match.anyOf]
}
