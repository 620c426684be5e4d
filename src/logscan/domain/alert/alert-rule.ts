import { type Level, levels } from '../log-pattern.ts'

export const alertKinds = ['new_group', 'regressed', 'rate', 'spike'] as const

/**
 * - `new_group`: a group is seen for the first time.
 * - `regressed`: a group is seen again after it was resolved, or after so many lines, or a time, of being ignored.
 * - `rate`: so many lines, or more, in a window of time.
 * - `spike`: so many times as many lines as in the windows before, on the average.
 */
export type AlertKind = (typeof alertKinds)[number]

export const alertChannels = ['log', 'socket', 'webhook'] as const
/** A line in the server's log; whoever listens to logs over Socket.IO; a signed POST. */
export type AlertChannel = (typeof alertChannels)[number]

/** Which lines a rule looks at; null for any. */
export interface AlertFilter {
  readonly minLevel: Level
  readonly source: string | null
  /** Id of a pattern. */
  readonly pattern: string | null
  readonly group: string | null
}

/** What kinds of rules count. A window is a whole number of minutes. */
export type AlertMeasure =
  | { readonly kind: 'new_group' | 'regressed' }
  | { readonly kind: 'rate'; readonly windowMs: number; readonly threshold: number }
  /** `threshold`: with fewer lines than that in the window it is none. `windows`: so many before it are the measure. */
  | {
      readonly kind: 'spike'
      readonly windowMs: number
      readonly threshold: number
      readonly factor: number
      readonly windows: number
    }

export interface AlertRule {
  readonly id: string
  readonly name: string
  readonly measure: AlertMeasure
  readonly filter: AlertFilter
  /** Between two alerts: of one group, or, where all lines are counted together, of the rule. */
  readonly quietMs: number
  readonly channels: readonly AlertChannel[]
  /** Null unless one of the channels is a webhook. */
  readonly webhookUrl: string | null
  /** Which of its secrets signs. */
  readonly secretVersion: number
  readonly isEnabled: boolean
  readonly createdAt: number
}

/** What happened to a group. */
export interface GroupFact {
  readonly group: string
  readonly kind: 'new' | 'regressed'
  readonly level: Level
  /** Of the lines that brought it about. */
  readonly sources: readonly string[]
  readonly patterns: readonly string[]
}

/** Whether a rule wants to hear of what happened to a group. */
export function concerns({ measure, filter, isEnabled }: AlertRule, fact: GroupFact): boolean {
  const kind = fact.kind === 'new' ? 'new_group' : 'regressed'
  return (
    isEnabled &&
    measure.kind === kind &&
    isSevere(fact.level, filter.minLevel) &&
    (filter.source === null || fact.sources.includes(filter.source)) &&
    (filter.pattern === null || fact.patterns.includes(filter.pattern)) &&
    (filter.group === null || fact.group === filter.group)
  )
}

/** Levels that are as severe as that, or more. */
export function levelsFrom(minLevel: Level): readonly Level[] {
  return levels.slice(levels.indexOf(minLevel))
}

function isSevere(level: Level, minLevel: Level): boolean {
  return levels.indexOf(level) >= levels.indexOf(minLevel)
}

type Counted = Extract<AlertMeasure, { kind: 'rate' | 'spike' }>

/** Whether so many lines in a window, with so many in all windows before it that are the measure, are an alert. */
export function isAlarming(measure: Counted, lines: number, linesBefore: number): boolean {
  if (lines < measure.threshold) return false
  return measure.kind === 'rate' || lines >= measure.factor * Math.max(1, linesBefore / measure.windows)
}
