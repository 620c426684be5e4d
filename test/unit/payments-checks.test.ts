import { describe, expect, it } from 'vitest'
import { checkAfterSettling, nextCheck } from '../../src/payments/domain/check-times.ts'
import { confirmCharge, type Deposit } from '../../src/payments/domain/deposit.ts'
import { at, depositIn, endAt } from '../support/deposits.ts'

const watchMs = 24 * 3600_000
const afterEnd = (ms: number) => new Date(endAt.getTime() + ms)

/** Every time at which the gateway is asked, each check made exactly when it is due. */
function plan(deposit: Deposit, lateWatchMs = watchMs, most = 1000): Date[] {
  const times: Date[] = []
  for (let current = deposit; current.nextCheckAt !== null && times.length < most; ) {
    times.push(current.nextCheckAt)
    const nextCheckAt = nextCheck(current, current.nextCheckAt, lateWatchMs)
    current = { ...current, nextCheckAt, checks: current.checks + 1 }
  }
  return times
}

describe('the gateway is asked', () => {
  it('just before and just after the end of the countdown', () => {
    const pending = confirmCharge(depositIn('created'), 'r', watchMs)
    expect(plan(pending).slice(0, 2)).toEqual([afterEnd(-5000), afterEnd(1000)])
  })

  it('before the end even of a very short countdown', () => {
    const pending = confirmCharge({ ...depositIn('created'), expiresAt: at(400) }, 'r', watchMs)
    expect(pending.nextCheckAt).toEqual(at(300))
  })

  it.each(['expired', 'canceled', 'failed', 'settled', 'partially_refunded', 'refunded', 'reversed'] as const)(
    'about one that is %s ever more rarely, for the last time as the late watch ends',
    (status) => {
      const times = plan({ ...depositIn(status), nextCheckAt: afterEnd(1000) })
      const pauses = times.slice(1, -1).map((time, index) => time.getTime() - times[index]!.getTime())
      expect(pauses).toEqual([...pauses].sort((a, b) => a - b))
      expect(times.length).toBeLessThan(12)
      expect(times.at(-1)).toEqual(afterEnd(watchMs))
    },
  )

  it('about one that was settled early a handful of times in a day', () => {
    const times = plan({ ...depositIn('settled'), nextCheckAt: checkAfterSettling(endAt, at(1)) })
    const minutes = times.map((time) => (time.getTime() - endAt.getTime()) / 60_000)
    expect(minutes).toEqual([1, 5, 21, 85, 341, 1365, 1440])
  })

  it('about a settled one without hurry: a minute after its end, or after it was settled', () => {
    expect(checkAfterSettling(endAt, at(1))).toEqual(afterEnd(60_000))
    expect(checkAfterSettling(endAt, afterEnd(500))).toEqual(afterEnd(60_500))
  })

  it('about a payment that is processed for as long as it takes', () => {
    const times = plan({ ...depositIn('processing'), nextCheckAt: afterEnd(1000) }, watchMs, 200)
    expect(times).toHaveLength(200)
    expect(times.at(-1)!.getTime()).toBeGreaterThan(afterEnd(watchMs).getTime())
  })

  it('about a charge that was never confirmed until just after the end at the latest', () => {
    const times = plan(depositIn('created'), watchMs, 50)
    expect(times.some((time) => time.getTime() === afterEnd(1000).getTime())).toBe(true)
    const later = times.filter((time) => time > afterEnd(1000))
    expect(later[0]!.getTime()).toBe(afterEnd(6000).getTime())
  })

  it('about a canceled deposit once more after its end', () => {
    expect(nextCheck(depositIn('canceled'), at(1), watchMs)).toEqual(afterEnd(1000))
  })
})
