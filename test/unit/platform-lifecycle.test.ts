import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { createSyncedClock } from '../../src/platform/clock.ts'
import { createGate } from '../../src/platform/database/gate.ts'
import { startLoop } from '../../src/platform/lifecycle.ts'
import { createResources } from '../../src/platform/resources.ts'
import { recordLog } from '../support/recorded-log.ts'

const { log } = recordLog()

describe('a background loop', () => {
  it('works at once while there is more, and then at its own pace', async () => {
    let passes = 0
    await using _loop = startLoop({ name: 'test', intervalMs: 60_000, log, work: async () => ++passes < 5 })
    await vi.waitFor(() => expect(passes).toBe(5))
    await pause(30)
    expect(passes).toBe(5)
  })

  it('looks again when it was woken, also in the middle of a pass', async () => {
    let passes = 0
    let finish = () => {}
    await using loop = startLoop({
      ...{ name: 'test', intervalMs: 60_000, log },
      work: () =>
        new Promise<void>((resolve) => {
          passes++
          finish = resolve
        }),
    })
    await vi.waitFor(() => expect(passes).toBe(1))
    loop.wake()
    finish()
    await vi.waitFor(() => expect(passes).toBe(2))
    finish()
    await pause(30)
    expect(passes).toBe(2)
    loop.wake()
    await vi.waitFor(() => expect(passes).toBe(3))
    finish()
  })

  it('goes on after failures, slower each time, and says so', async () => {
    const recorded = recordLog()
    let passes = 0
    await using _loop = startLoop({
      ...{ name: 'fragile', intervalMs: 2, log: recorded.log },
      work: async () => {
        if (++passes < 4) throw new Error('not yet')
      },
    })
    await vi.waitFor(() => expect(passes).toBeGreaterThanOrEqual(4), { timeout: 2000 })
    const failures = recorded.lines().filter(({ loop }) => loop === 'fragile')
    expect(failures.map(({ failures, retryMs }) => [failures, retryMs])).toEqual([
      [1, 4],
      [2, 8],
      [3, 16],
    ])
  })

  it('lets the pass under way finish at its end, and begins no other', async () => {
    const story: string[] = []
    const loop = startLoop({
      ...{ name: 'test', intervalMs: 1, log },
      work: async () => {
        story.push('begun')
        await pause(30)
        story.push('finished')
        return true
      },
    })
    await vi.waitFor(() => expect(story).toContain('begun'))
    await loop[Symbol.asyncDispose]()
    const atTheEnd = [...story]
    await pause(50)
    expect(story).toEqual(atTheEnd)
    expect(story.at(-1)).toBe('finished')
  })
})

describe('a gate', () => {
  it('lets one through at a time, in order, whoever fails', async () => {
    const gate = createGate()
    const story: string[] = []
    const visit = (name: string, fails = false) =>
      gate(async () => {
        story.push(`${name} in`)
        await pause(1)
        story.push(`${name} out`)
        if (fails) throw new Error(name)
      })
    const outcomes = await Promise.allSettled([visit('a'), visit('b', true), visit('c')])
    expect(story).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out'])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })
})

describe('resources', () => {
  it('close the newest first, all of them, and tell what failed', async () => {
    const story: string[] = []
    const resources = createResources()
    for (const name of ['a', 'b', 'c'])
      resources.defer(() => {
        story.push(name)
        if (name === 'b') throw new Error('b does not close')
      })
    await expect(resources[Symbol.asyncDispose]()).rejects.toThrow('some resources could not be closed')
    expect(story).toEqual(['c', 'b', 'a'])
    await expect(resources[Symbol.asyncDispose]()).resolves.toBeUndefined()
  })
})

describe('the clock', () => {
  it("follows the database's, whatever this machine says", async () => {
    let monotonicMs = 1000
    let databaseMs = 5_000_000
    const clock = await createSyncedClock(
      async () => databaseMs,
      () => monotonicMs,
    )
    expect(clock.now().getTime()).toBe(5_000_000)
    monotonicMs += 250
    expect(clock.now().getTime()).toBe(5_000_250)
    databaseMs = 6_000_000
    await clock.sync()
    expect(clock.now().getTime()).toBe(6_000_000)
  })

  it('takes the middle of the round trip, and trusts no slow one for a while', async () => {
    let monotonicMs = 0
    let tripMs = 10
    const databaseNow = async () => {
      monotonicMs += tripMs / 2
      const now = 1_000_000 + monotonicMs
      monotonicMs += tripMs / 2
      return now
    }
    const clock = await createSyncedClock(databaseNow, () => monotonicMs)
    expect(clock.now().getTime()).toBe(1_000_010)
    tripMs = 4000
    await clock.sync()
    expect(clock.now().getTime()).toBe(1_000_000 + monotonicMs)
  })
})
