import type { Clock } from '../../kernel/clock.ts'
import { type AlertRule, isAlarming } from '../domain/alert/alert-rule.ts'
import { minuteMs } from '../domain/time-span.ts'
import type { AlertCounts, AlertRuleReads } from './alert-ports.ts'
import type { LogsStore } from './ports.ts'

interface JudgeCountsDeps {
  readonly store: LogsStore
  readonly rules: AlertRuleReads
  readonly counts: AlertCounts
  readonly clock: Clock
}

/**
 * Raises the alerts of rules that count lines in a window. Lines count by their own times, so that old ones that are read
 * late alarm nobody. Each process may judge: an alert is raised by one.
 */
export function judgeCounts({ store, rules, counts, clock }: JudgeCountsDeps) {
  return async (): Promise<void> => {
    for (const rule of await rules.enabled()) await judge(rule)
  }

  async function judge(rule: AlertRule): Promise<void> {
    const { measure } = rule
    if (measure.kind !== 'rate' && measure.kind !== 'spike') return
    const now = clock.now().getTime()
    // The minute that has begun counts: whoever waits for its end is told a minute late.
    const to = (Math.floor(now / minuteMs) + 1) * minuteMs
    const from = to - measure.windowMs
    const lines = await counts.linesIn(rule, from, to)
    if (lines < measure.threshold) return
    const spanBefore = measure.kind === 'spike' ? measure.windows * measure.windowMs : 0
    const before = spanBefore === 0 ? 0 : await counts.linesIn(rule, from - spanBefore, from)
    if (!isAlarming(measure, lines, before)) return
    const { minLevel: level, group } = rule.filter
    const minutes = measure.windowMs / minuteMs
    const title = `${rule.name}: ${lines} lines in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}`
    await store.transaction((tx) =>
      tx.alerts.raise(rule, [{ occasion: `${measure.kind}:${to}`, group, level, title, lines }]),
    )
  }
}
