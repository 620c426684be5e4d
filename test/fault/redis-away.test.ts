import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, inject, it } from 'vitest'
import type { DepositView } from '#client'
import { countByStatus, eventsAbout, isQuiet, kindsOf, type Seen, watchAll } from '../support/money-facts.ts'
import { alsoAt, atSimulator, balanceOf, openDeposit, price, signUp } from '../support/payer.ts'
import { createDatabase } from '../support/private-mariadb.ts'
import { hasRedis, startPrivateRedis } from '../support/private-redis.ts'
import { openSite } from '../support/site.ts'

const mysqlUrl = inject('mysqlUrl')
const awayMs = 5_000
const patiently = { timeout: 30_000, interval: 50 }

describe.runIf(mysqlUrl !== undefined && hasRedis())('two nodes whose Redis is away for 5 s under load', () => {
  it('go on: calls are answered, deposits are settled, and every event reaches its client afterwards', {
    timeout: 120_000,
  }, async () => {
    await using redis = await startPrivateRedis()
    await using mysql = await createDatabase(String(mysqlUrl))
    await using site = await openSite({ env: { MYSQL_URL: mysql.url, REDIS_URL: redis.url, REDIS_PREFIX: 'away:' } })
    const { database } = site
    const [first, second] = await Promise.all([site.startNode(), site.startNode()])
    using client = await signUp(first.url)
    using other = await alsoAt(second.url, client)
    const pushed = new Set<string>()
    other.realtime.on('payment:result', ({ eventId }) => pushed.add(eventId))
    await expect.poll(() => other.realtime.status, patiently).toBe('connected')

    const deposits: DepositView[] = []
    const seen = new Map<string, Seen>()
    const failures: unknown[] = []
    let loaded = true
    async function load(): Promise<void> {
      while (loaded) {
        try {
          const deposit = await openDeposit(deposits.length % 2 === 0 ? client : other)
          deposits.push(deposit)
          for (const entry of watchAll(other, [deposit])) seen.set(...entry)
          await atSimulator(site.simulatorUrl, deposit, 'pay')
        } catch (error) {
          failures.push(error)
        }
        await pause(50)
      }
    }
    const loading = [load(), load()]
    await pause(1_000)
    await redis.kill()
    const before = deposits.length
    await pause(awayMs)
    const meanwhile = deposits.slice(before)
    expect(meanwhile.length).toBeGreaterThan(10)
    // Settled without Redis; nobody was told yet, so the events still wait.
    const first5 = meanwhile.slice(0, 5).map(({ id }) => id)
    await expect.poll(() => countByStatus(database, first5), patiently).toEqual({ settled: 5 })
    const [waiting] = await eventsAbout(database, first5[0] as string, 'payment.paid')
    expect(waiting?.published).toBe(false)
    expect([first.running, second.running]).toEqual([true, true])

    await redis.restart()
    const backAtMs = performance.now()
    await expect.poll(() => pushed.has(String(waiting?.id)), patiently).toBe(true)
    const toldAfterMs = performance.now() - backAtMs
    await pause(500)
    loaded = false
    await Promise.all(loading)
    expect(failures).toEqual([])
    await expect
      .poll(() => [...seen.values()].filter((told) => kindsOf(told).at(-1) !== 'paid').length, patiently)
      .toBe(0)
    await expect.poll(() => isQuiet(database), patiently).toBe(true)
    for (const told of seen.values()) expect(kindsOf(told)).toEqual(['paid'])
    for (const { id } of meanwhile) {
      const [event, ...more] = await eventsAbout(database, id, 'payment.paid')
      expect([pushed.has(String(event?.id)), more]).toEqual([true, []])
    }
    expect([first.running, second.running]).toEqual([true, true])
    expect(await balanceOf(client)).toBe(String(deposits.length * Number(price)))
    expect(await site.ledgerFaults()).toEqual([])
    console.info({ deposits: deposits.length, whileAway: meanwhile.length, toldAfterMs })
  })
})
