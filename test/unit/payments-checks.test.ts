import { describe, expect, it } from 'vitest'
import { confirmCharge, type Deposit, scheduleNextCheck } from '../../src/payments/domain/deposit.ts'
import { at, depositIn, endAt } from '../support/deposits.ts'

const watchMs = 24 * 3600_000
const afterEnd = (ms: number) => new Date(endAt.getTime() + ms)

/** Every time at which the gateway is asked, each check made exactly when it is due. */
function plan(deposit: Deposit, lateWatchMs = watchMs, most = 1000): Date[] {
  const times: Date[] = []
  for (let current = deposit; current.nextCheckAt !== null && times.length < most; ) {
    times.push(current.nextCheckAt)
    current = scheduleNextCheck(current, current.nextCheckAt, lateWatchMs)
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

  it('about an expired deposit ever more rarely, until the late watch ends', () => {
    const times = plan({ ...depositIn('expired'), nextCheckAt: afterEnd(1000) })
    const pauses = times.slice(1).map((time, index) => time.getTime() - times[index]!.getTime())
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b))
    expect(pauses.at(-1)).toBe(3600_000)
    expect(times.at(-1)!.getTime()).toBeLessThanOrEqual(afterEnd(watchMs).getTime())
    expect(times.at(-1)!.getTime()).toBeGreaterThan(afterEnd(watchMs).getTime() - 3600_000)
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

  it.each(['settled', 'failed', 'partially_refunded', 'refunded', 'reversed'] as const)(
    'no more about a deposit that is %s',
    (status) => {
      const next = scheduleNextCheck({ ...depositIn(status), checks: 3 }, at(1), watchMs)
      expect(next).toMatchObject({ nextCheckAt: null, checks: 4 })
    },
  )

  it('about a canceled deposit once more after its end', () => {
    const next = scheduleNextCheck({ ...depositIn('canceled'), nextCheckAt: at(1) }, at(1), watchMs)
    expect(next.nextCheckAt).toEqual(afterEnd(1000))
  })
})
