import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AlertRule, concerns, type GroupFact, isAlarming } from '../../src/logscan/domain/alert/alert-rule.ts'

const rule: AlertRule = {
  ...{ id: 'r', name: 'rule', measure: { kind: 'new_group' }, quietMs: 0, channels: [], webhookUrl: null },
  ...{ secretVersion: 1, isEnabled: true, createdAt: 0 },
  filter: { minLevel: 'error', source: null, pattern: null, group: null },
}
const fact: GroupFact = { group: 'g', kind: 'new', level: 'error', sources: ['app', 'web'], patterns: ['oom'] }

describe('an alert rule', () => {
  it.each<[string, Partial<AlertRule>, Partial<GroupFact>, boolean]>([
    ['new groups', {}, {}, true],
    ['more severe ones', {}, { level: 'fatal' }, true],
    ['not less severe ones', {}, { level: 'warn' }, false],
    ['not what is back', {}, { kind: 'regressed' }, false],
    ['what is back', { measure: { kind: 'regressed' } }, { kind: 'regressed' }, true],
    ['nothing while switched off', { isEnabled: false }, {}, false],
    ['its source', { filter: { ...rule.filter, source: 'web' } }, {}, true],
    ['no other source', { filter: { ...rule.filter, source: 'db' } }, {}, false],
    ['its pattern', { filter: { ...rule.filter, pattern: 'oom' } }, {}, true],
    ['no other pattern', { filter: { ...rule.filter, pattern: 'disk' } }, {}, false],
    ['its group', { filter: { ...rule.filter, group: 'g' } }, {}, true],
    ['no other group', { filter: { ...rule.filter, group: 'h' } }, {}, false],
    ['nothing where it counts', { measure: { kind: 'rate', windowMs: 60_000, threshold: 1 } }, {}, false],
  ])('hears of %s', (_, change, happened, hears) => {
    expect(concerns({ ...rule, ...change }, { ...fact, ...happened })).toBe(hears)
  })

  it('alarms at its threshold, and for a spike at so many times what was usual', () => {
    const rate = { kind: 'rate', windowMs: 60_000, threshold: 10 } as const
    expect([9, 10, 11].map((lines) => isAlarming(rate, lines, 0))).toEqual([false, true, true])
    const spike = { ...rate, kind: 'spike', factor: 3, windows: 4 } as const
    // 40 lines in four windows: 10 in each, of which 30 are three times as many.
    expect([29, 30].map((lines) => isAlarming(spike, lines, 40))).toEqual([false, true])
    // Where there was nothing before, the threshold decides.
    expect([9, 10].map((lines) => isAlarming(spike, lines, 0))).toEqual([false, true])
  })

  it('that alarms goes on alarming with more lines, and with fewer before', () => {
    const some = fc.integer({ min: 0, max: 10_000 })
    fc.assert(
      fc.property(
        some,
        some,
        some,
        some,
        fc.double({ min: 1, max: 50, noNaN: true }),
        (lines, more, before, fewer, factor) => {
          const measure = { kind: 'spike', windowMs: 60_000, threshold: 5, factor, windows: 3 } as const
          fc.pre(isAlarming(measure, lines, before))
          expect(isAlarming(measure, lines + more, Math.max(0, before - fewer))).toBe(true)
        },
      ),
    )
  })
})
