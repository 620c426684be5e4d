import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { DepositTick } from '#client'
import { backends } from '../support/backends.ts'
import { countByStatus, depositFacts, numberOf } from '../support/money-facts.ts'
import { alsoAt, openClient, openDeposits, signUp } from '../support/payer.ts'
import { openSite, trueNowMs } from '../support/site.ts'

const ttlMs = 4_000
const depositCount = 10
const skews = [
  { clock: '90 s ahead', skewMs: 90_000 },
  { clock: '90 s behind', skewMs: -90_000 },
]

afterEach(() => void vi.useRealTimers())

describe.each(backends)('$name: a node whose machine clock', (backend) => {
  const alone = backend.name === 'embedded'

  it.each(skews)(
    `is $clock gives the right time and ends nothing early or more than 5 s late${alone ? ', alone' : ', beside one that is right'}`,
    {
      timeout: 90_000,
    },
    async ({ skewMs }) => {
      await using data = await backend.open()
      await using site = await openSite(data, { DEPOSIT_TTL_MS: String(ttlMs) })
      const { database } = site
      // Only the wrong one sweeps, or the right one would hide that it is late.
      const [wrong, right] = await Promise.all([
        site.startNode({ FAULT_CLOCK_SKEW_MS: String(skewMs) }),
        alone ? undefined : site.startNode({ ROLE: 'api' }),
      ])
      using client = await signUp(wrong.url)
      using other = await alsoAt((right ?? wrong).url, client)
      const deposits = [
        ...(await openDeposits(client, depositCount / 2)),
        ...(await openDeposits(other, depositCount / 2)),
      ]
      const openedMs = trueNowMs()
      for (const { serverTime, createdAt, expiresAt } of deposits) {
        expect(Math.abs(Date.parse(serverTime) - openedMs)).toBeLessThan(3_000)
        expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(ttlMs)
      }
      const ids = deposits.map(({ id }) => id)
      const early = 'SELECT COUNT(*) AS n FROM deposits WHERE status = :expired AND expires_at_ms > :now'
      const late = 'SELECT COUNT(*) AS n FROM deposits WHERE status = :pending AND expires_at_ms < :now'
      const worst = { early: 0, late: 0 }
      while ((await countByStatus(database, ids)).expired !== depositCount) {
        // The time before the look: what is expired by then had ended by then.
        const now = trueNowMs()
        worst.early += await numberOf(database, early, { expired: 'expired', now: now + clockSlackMs })
        worst.late += await numberOf(database, late, { pending: 'pending', now: now - 5_000 })
        await pause(20)
      }
      expect(worst).toEqual({ early: 0, late: 0 })
      const stories = await Promise.all(ids.slice(0, 2).map((id) => client.deposits.timeline.query({ id })))
      for (const [i, { entries }] of stories.entries()) {
        const expired = entries.find(({ type }) => type === 'deposit.expired')
        const lateMs = Date.parse(expired?.at ?? '') - Date.parse(deposits[i]?.expiresAt ?? '')
        expect(lateMs).toBeGreaterThanOrEqual(0)
        expect(lateMs).toBeLessThan(5_000)
      }
      // Nodes agree on what came first: in each story, and in the list.
      for (const id of ids) {
        const { entries } = await client.deposits.timeline.query({ id })
        expect(entries.map(({ type }) => type)).toEqual(['deposit.created', 'deposit.pending', 'deposit.expired'])
      }
      const { items } = await client.deposits.list.query({ limit: depositCount })
      const newer = new Set(items.slice(0, depositCount / 2).map(({ id }) => id))
      expect(newer).toEqual(new Set(ids.slice(depositCount / 2)))
      expect((await depositFacts(database, ids)).size).toBe(depositCount)
      expect(await site.ledgerFaults()).toEqual([])
    },
  )
})

/** A process that only answers calls needs others that hear it: the embedded database serves one process alone. */
const sharedBackends = backends.filter(({ name }) => name !== 'embedded')

describe.each(sharedBackends)('$name: a node that only answers calls and whose timer runs twice as fast', (backend) => {
  it('still tells the right time after a while', { timeout: 60_000 }, async () => {
    await using data = await backend.open()
    await using site = await openSite(data)
    const node = await site.startNode({ ROLE: 'api', FAULT_TIMER_SPEED: '2' })
    using client = openClient(node.url)
    await pause(3_500)
    const { serverTime } = await client.system.info.query()
    // Once a second it is put right; in between it may gain as much.
    expect(Math.abs(Date.parse(serverTime) - trueNowMs())).toBeLessThan(2_000)
  })
})

/** The database's clock is cut to milliseconds. */
const clockSlackMs = 2

describe.each(backends.slice(0, 1))('$name: a client whose clock', (backend) => {
  it.each([
    { clock: 'an hour ahead', offMs: 3_600_000 },
    { clock: 'an hour behind', offMs: -3_600_000 },
  ])('is $clock, and jumps meanwhile, counts down right to a second', { timeout: 60_000 }, async ({ offMs }) => {
    await using data = await backend.open()
    await using site = await openSite(data, { DEPOSIT_TTL_MS: String(ttlMs) })
    const node = await site.startNode()
    vi.useFakeTimers({ toFake: ['Date'], now: trueNowMs() + offMs })
    using client = await signUp(node.url)
    const [deposit] = await openDeposits(client, 1)
    const ticks: (DepositTick & { trueMs: number })[] = []
    let result = ''
    client.realtime.watchDeposit(String(deposit?.id), {
      onTimer(tick) {
        ticks.push({ ...tick, trueMs: Date.parse(tick.expiresAt) - trueNowMs() })
        if (ticks.length === 2) vi.setSystemTime(trueNowMs() - offMs)
      },
      onResult: (told) => {
        result = told.result
      },
    })
    // Polls would look at the clock that is wrong.
    for (let i = 0; result === '' && i < 400; i++) await pause(25)
    expect(result).toBe('expired')
    expect(ticks.length).toBeGreaterThanOrEqual(4)
    for (const { remainingMs, trueMs } of ticks) expect(Math.abs(remainingMs - Math.max(0, trueMs))).toBeLessThan(1_000)
    const shown = ticks.map(({ remainingMs }) => remainingMs)
    expect(shown).toEqual([...shown].sort((a, b) => b - a))
    expect(shown.at(-1)).toBe(0)
  })
})
