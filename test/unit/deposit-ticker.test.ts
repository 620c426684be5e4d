import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { serverEvents } from '#contract'
import { createDepositTicker, type DepositTick } from '../../src/payments/adapters/realtime/deposit-ticker.ts'

const start = Date.parse('2026-11-03T10:00:00.000Z')
const clock = { now: () => new Date() }
const idOf = (index: number) => `01930000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`

interface Seen {
  readonly atMs: number
  readonly id: string
  readonly tick: DepositTick
}

function createRecorder() {
  const seen: Seen[] = []
  const ticker = createDepositTicker({ clock, emit: (id, tick) => seen.push({ atMs: Date.now(), id, tick }) })
  const watch = (index: number, remainingMs: number) =>
    ticker.watch({ id: idOf(index), status: 'pending', expiresAt: new Date(Date.now() + remainingMs) })
  return { seen, ticker, watch, of: (index: number) => seen.filter(({ id }) => id === idOf(index)) }
}

/** Lets the clock run on while no timer can fire, as a blocked event loop does. */
function stall(ms: number) {
  vi.setSystemTime(Date.now() + ms)
}

beforeEach(() => void vi.useFakeTimers({ now: start }))
afterEach(() => void vi.useRealTimers())

describe('the deposit ticker', () => {
  it('ticks when a whole number of seconds remains, to within a slot, as the contract says', () => {
    const { of, watch } = createRecorder()
    const ends = [0, 1, 19, 20, 21, 333, 500, 981, 999]
    for (const [index, offset] of ends.entries()) watch(index, 60_000 + offset)
    vi.advanceTimersByTime(5_000)
    for (const [index, offset] of ends.entries()) {
      const ticks = of(index)
      expect(ticks.length, `offset ${offset}`).toBe(5)
      for (const { tick } of ticks) {
        expect(serverEvents['deposit:timer'].parse(tick)).toEqual(tick)
        expect((60_000 - tick.remainingMs) % 1000, `offset ${offset}`).toBeLessThan(20)
      }
      expect(ticks[0]?.tick.serverTime).toBe(new Date(ticks[0]!.atMs).toISOString())
    }
  })

  it('ends with one tick of 0 at the end, not before it, and forgets the deposit', () => {
    const { seen, ticker, watch } = createRecorder()
    watch(1, 2_345)
    vi.advanceTimersByTime(10_000)
    expect(seen.map(({ tick }) => Math.ceil(tick.remainingMs / 1000))).toEqual([2, 1, 0])
    expect(seen.at(-1)?.atMs).toBeGreaterThanOrEqual(start + 2_345)
    expect(seen.at(-1)?.atMs).toBeLessThan(start + 2_345 + 20)
    expect(seen.at(-1)?.tick.remainingMs).toBe(0)
    expect([ticker.size, vi.getTimerCount()]).toEqual([0, 0])
  })

  it('ticks once more for a deposit that is over already', () => {
    const { seen, ticker, watch } = createRecorder()
    watch(1, -5_000)
    vi.advanceTimersByTime(5_000)
    expect(seen.map(({ tick }) => tick.remainingMs)).toEqual([0])
    expect(ticker.size).toBe(0)
  })

  it('does not drift', () => {
    const { seen, watch } = createRecorder()
    watch(1, 3_600_000)
    vi.advanceTimersByTime(3_590_000)
    expect(seen.length).toBe(3_590)
    expect(new Set(seen.map(({ atMs }) => atMs % 1000))).toEqual(new Set([start % 1000]))
  })

  it('skips what a stalled event loop missed', () => {
    const { seen, watch } = createRecorder()
    for (let index = 0; index < 1_000; index++) watch(index, 60_000 + index)
    vi.advanceTimersByTime(2_000)
    seen.length = 0

    stall(7_000)
    vi.advanceTimersByTime(20)
    const [first] = seen
    expect(seen.filter(({ atMs }) => atMs === first?.atMs).length).toBe(200)
    vi.advanceTimersByTime(980)
    expect(seen.length).toBe(1_000 + 180)
    expect(new Set(seen.map(({ id }) => id)).size).toBe(1_000)
  })

  it('catches up whole slots after a short delay, so that nobody misses a tick', () => {
    const { seen, watch } = createRecorder()
    for (let index = 0; index < 1_000; index++) watch(index, 60_000 + index)
    vi.advanceTimersByTime(1_000)
    seen.length = 0
    for (let round = 0; round < 10; round++) {
      stall(60)
      vi.advanceTimersByTime(40)
    }
    expect(seen.length).toBe(1_000)
  })

  it('gives 10,000 deposits exactly one tick a second each, spread over it', () => {
    const { seen, watch } = createRecorder()
    for (let index = 0; index < 10_000; index++) watch(index, 600_000 + ((index * 7) % 1000))
    for (let second = 0; second < 5; second++) {
      seen.length = 0
      vi.advanceTimersByTime(1_000)
      expect(seen.length).toBe(10_000)
      expect(new Set(seen.map(({ id }) => id)).size).toBe(10_000)
      const moments = new Map<number, number>()
      for (const { atMs } of seen) moments.set(atMs, (moments.get(atMs) ?? 0) + 1)
      expect(moments.size).toBe(50)
      expect(Math.max(...moments.values())).toBe(200)
    }
  })

  it('is silent at once for what is not watched any more, and holds no timer then', () => {
    const { seen, ticker, watch } = createRecorder()
    watch(1, 60_500)
    watch(2, 60_500)
    vi.advanceTimersByTime(1_000)
    ticker.unwatch(idOf(1))
    ticker.unwatch(idOf(1))
    seen.length = 0
    vi.advanceTimersByTime(1_000)
    expect(seen.map(({ id }) => id)).toEqual([idOf(2)])
    ticker.unwatch(idOf(2))
    expect(vi.getTimerCount()).toBe(0)
  })

  it('sleeps through empty slots: one timer, woken once a second for one deposit', () => {
    const { watch } = createRecorder()
    watch(1, 60_000)
    const timers = vi.spyOn(globalThis, 'setTimeout')
    vi.advanceTimersByTime(10_000)
    expect(vi.getTimerCount()).toBe(1)
    expect(timers.mock.calls.length).toBeLessThanOrEqual(11)
  })

  it('does not tick at an odd moment for a deposit that came while it slept', () => {
    const { of, watch } = createRecorder()
    watch(1, 60_000)
    vi.advanceTimersByTime(700)
    watch(2, 59_800)
    vi.advanceTimersByTime(100)
    watch(3, 59_900)
    vi.advanceTimersByTime(250)
    expect([of(1).length, of(2).length, of(3).length]).toEqual([1, 0, 0])
    vi.advanceTimersByTime(1_000)
    expect(of(2).map(({ tick }) => tick.remainingMs)).toEqual([59_000])
    expect(of(3).map(({ tick }) => tick.remainingMs)).toEqual([59_000])
  })

  it('takes a new status and a new end, and never ticks twice within half a second for it', () => {
    const { seen, ticker, watch } = createRecorder()
    watch(1, 60_000)
    vi.advanceTimersByTime(1_000)
    ticker.watch({ id: idOf(1), status: 'partially_paid', expiresAt: new Date(start + 60_100) })
    vi.advanceTimersByTime(2_000)
    expect(ticker.size).toBe(1)
    expect(seen.map(({ atMs, tick }) => [atMs - start, tick.status])).toEqual([
      [1_000, 'pending'],
      [2_100, 'partially_paid'],
    ])
  })

  it('goes on after the clock was set back or forth', () => {
    const { seen, watch } = createRecorder()
    watch(1, 600_000)
    vi.advanceTimersByTime(1_000)
    vi.setSystemTime(start - 50_000)
    vi.advanceTimersByTime(3_000)
    vi.setSystemTime(start + 100_000)
    vi.advanceTimersByTime(3_000)
    expect(seen.length).toBeGreaterThanOrEqual(6)
    expect(seen.length).toBeLessThanOrEqual(8)
  })

  it('lets a tick watch and unwatch', () => {
    let ticks = 0
    const ticker = createDepositTicker({
      clock,
      emit(id) {
        ticks++
        ticker.unwatch(id)
        if (ticks < 5) ticker.watch({ id: idOf(ticks), status: 'pending', expiresAt: new Date(start + 60_000) })
      },
    })
    ticker.watch({ id: idOf(0), status: 'pending', expiresAt: new Date(start + 60_000) })
    vi.advanceTimersByTime(10_000)
    expect([ticks <= 5, ticker.size, vi.getTimerCount()]).toEqual([true, 0, 0])
  })

  it('is empty and idle after a hundred thousand deposits came and went', () => {
    const { ticker, watch } = createRecorder()
    for (let index = 0; index < 100_000; index++) {
      watch(index, 60_000 + ((index * 13) % 1000))
      if (index >= 100) ticker.unwatch(idOf(index - 100))
    }
    expect([ticker.size, vi.getTimerCount()]).toEqual([100, 1])
    ticker[Symbol.dispose]()
    expect([ticker.size, vi.getTimerCount()]).toEqual([0, 0])
  })
})
