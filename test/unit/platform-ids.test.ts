import { validate, version } from 'uuid'
import { describe, expect, test } from 'vitest'
import { createIds } from '../../src/platform/ids.ts'

const timeOf = (id: string) => Number.parseInt(id.replace('-', '').slice(0, 12), 16)

describe('ids', () => {
  test('carry the time of the clock they were given, whatever the machine says', () => {
    const nowMs = Date.UTC(2031, 4, 5)
    const id = createIds({ now: () => new Date(nowMs) }).next()
    expect([validate(id), version(id), timeOf(id)]).toEqual([true, 7, nowMs])
  })

  test('grow, many in one millisecond and while the clock is set back', () => {
    const start = Date.UTC(2031, 4, 5)
    const times = [start, start + 1, start - 5000, start - 4000, start + 1, start + 2]
    let nowMs = start
    const ids = createIds({ now: () => new Date(nowMs) })
    const made = times.flatMap((time) => {
      nowMs = time
      return Array.from({ length: 2000 }, () => ids.next())
    })
    expect(made).toEqual([...made].sort())
    expect(new Set(made).size).toBe(made.length)
    expect(timeOf(made.at(-1) as string)).toBe(start + 2)
  })

  test('of two processes are in the order of their clocks', () => {
    const at = (ms: number) => createIds({ now: () => new Date(ms) }).next()
    expect(at(1_000_000) < at(1_000_001)).toBe(true)
  })
})
