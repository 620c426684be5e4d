import { describe, expect, it } from 'vitest'
import type { LogPattern } from '../../src/logscan/domain/log-pattern.ts'
import { builtInPatterns } from '../../src/logscan/domain/pattern-pack.ts'
import { isSamePattern, type PatternSetting, patternSet } from '../../src/logscan/domain/pattern-set.ts'
import { stepsOf, timeSpan, usualStep } from '../../src/logscan/domain/time-span.ts'

const hourMs = 3_600_000
const patternOf = (id: string): LogPattern => ({
  ...{ id, title: id, level: 'warn', match: { regex: 'x' }, ignoreCase: false },
})
const settingOf = (id: string, given: Partial<PatternSetting> = {}): PatternSetting => ({
  ...{ id, own: patternOf(id), isEnabled: true, version: 4, createdAt: 1, updatedAt: 2, ...given },
})

describe('the set of patterns', () => {
  it('is the built-in ones where nobody changed anything, by their ids', () => {
    const set = patternSet([])
    expect(set.map(({ pattern }) => pattern.id)).toEqual(builtInPatterns.map(({ id }) => id).sort())
    expect(new Set(set.map(({ isBuiltIn, isEnabled, version }) => `${isBuiltIn} ${isEnabled} ${version}`))).toEqual(
      new Set(['true true 0']),
    )
  })

  it('has built-in ones as they were switched', () => {
    const set = patternSet([settingOf('go.panic', { own: null, isEnabled: false })])
    expect(set).toHaveLength(builtInPatterns.length)
    expect(set.find(({ pattern }) => pattern.id === 'go.panic')).toMatchObject({
      ...{ isBuiltIn: true, isEnabled: false, version: 4, pattern: { level: 'fatal' } },
    })
  })

  it('has what staff made before a pattern with the same id was built in', () => {
    const found = patternSet([settingOf('go.panic')]).filter(({ pattern }) => pattern.id === 'go.panic')
    expect(found).toMatchObject([{ isBuiltIn: false, pattern: patternOf('go.panic') }])
  })

  it('has nothing of a built-in pattern that is no more', () => {
    expect(patternSet([settingOf('gone', { own: null })])).toHaveLength(builtInPatterns.length)
  })

  it('tells patterns from one another, however they were made', () => {
    const { id, title, level, ignoreCase } = patternOf('a')
    expect(isSamePattern(patternOf('a'), { ignoreCase, level, match: { regex: 'x' }, title, id })).toBe(true)
    expect(isSamePattern(patternOf('a'), { ...patternOf('a'), match: { anyOf: ['x'] } })).toBe(false)
    expect(isSamePattern(patternOf('a'), { ...patternOf('a'), level: 'info' })).toBe(false)
  })
})

describe('a span of time', () => {
  it('is the day before its end unless told', () => {
    expect(timeSpan(null, null, 100 * hourMs)).toEqual({ from: 76 * hourMs, to: 100 * hourMs })
    expect(timeSpan(null, 50 * hourMs, 100 * hourMs)).toEqual({ from: 26 * hourMs, to: 50 * hourMs })
    expect(timeSpan(98 * hourMs, null, 100 * hourMs)).toEqual({ from: 98 * hourMs, to: 100 * hourMs })
  })

  it('goes by the minute while it is short', () => {
    expect(usualStep({ from: 0, to: 6 * hourMs })).toBe('minute')
    expect(usualStep({ from: 0, to: 6 * hourMs + 1 })).toBe('hour')
  })

  it.each([
    [0, 2 * hourMs, 2],
    [1, 2 * hourMs, 2],
    [hourMs - 1, hourMs + 1, 2],
    [-1, 1, 2],
    [5, 6, 1],
  ])('from %i to %i touches %i hours', (from, to, steps) => {
    expect(stepsOf({ from, to }, 'hour')).toBe(steps)
  })
})
