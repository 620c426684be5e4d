import { setTimeout as pause } from 'node:timers/promises'
import pMap from 'p-map'
import { describe, expect, it } from 'vitest'
import type { DepositView } from '#client'
import type { Database } from '../../src/platform/database/database.ts'
import { backends } from '../support/backends.ts'
import {
  countByStatus,
  depositFacts,
  isQuiet,
  kindsOf,
  numberOf,
  type Seen,
  suspenseMinor,
  timesAnnounced,
  watchAll,
} from '../support/money-facts.ts'
import { alsoAt, atSimulator, balanceOf, deliver, noticeOf, openDeposits, price, signUp } from '../support/payer.ts'
import { openSite, trueNowMs } from '../support/site.ts'

// The embedded database serves one process, and writes through one connection: fewer deposits there.
const sizes = {
  embedded: { nodeCount: 1, payerCount: 5, depositCount: 200 },
  'mariadb+redis': { nodeCount: 2, payerCount: 20, depositCount: 1000 },
}
const leadMs = 1_500
const spreadMs = 50
/** Clocks of nodes may differ from the database's by a few milliseconds. */
const postMs = 20

describe.each(backends)('$name: payments around the end', (backend) => {
  const { nodeCount, payerCount, depositCount } = sizes[backend.name]

  it(`settles all that were paid in time, once, and none of the others: ${depositCount} deposits, ${nodeCount} node(s)`, {
    timeout: 120_000,
  }, async () => {
    await using data = await backend.open()
    await using site = await openSite(data)
    const { database } = site
    const nodes = await Promise.all(Array.from({ length: nodeCount }, () => site.startNode()))
    const urlOf = (i: number) => nodes[i % nodeCount]?.url as string
    const people = Array.from({ length: payerCount }, (_, i) => i)
    const payers = await pMap(people, (i) => signUp(urlOf(i)), { concurrency: 4 })
    const opened = await pMap(payers, (payer) => openDeposits(payer, depositCount / payerCount, 5), { concurrency: 4 })
    const deposits = opened.flat()
    const ids = deposits.map(({ id }) => id)
    expect(new Set(ids).size).toBe(depositCount)

    // Each watches at another node than the one that made the deposits.
    const watchers = await Promise.all(payers.map((payer, i) => alsoAt(urlOf(i + 1), payer)))
    const seen = new Map<string, Seen>(watchers.flatMap((watcher, i) => [...watchAll(watcher, opened[i] ?? [])]))
    await expect.poll(() => [...seen.values()].filter(({ versions }) => versions.length > 0).length, { timeout: 20_000 })
      .toBe(depositCount)

    const plans = deposits.map((deposit, i) => ({
      deposit,
      i,
      offsetMs: Math.round(-spreadMs + (2 * spreadMs * ((i * 7) % depositCount)) / (depositCount - 1)),
      /** The provider also knows of every second payment, so the janitor finds it while the notice comes in. */
      known: i % 2 === 0,
    }))
    const endMs = Math.ceil(trueNowMs()) + leadMs + depositCount
    const paidAtOf = ({ offsetMs }: { offsetMs: number }) => new Date(endMs + offsetMs)
    const inTime = plans.filter(({ offsetMs }) => offsetMs <= 0)
    const late = plans.filter(({ offsetMs }) => offsetMs > 0)
    await database.transaction((tx) =>
      tx.change('UPDATE deposits SET expires_at_ms = :endMs, next_check_at_ms = :checkMs', {
        endMs,
        checkMs: endMs + 1_000,
      }),
    )
    const transactionIds = await pMap(
      plans,
      async ({ deposit, known, ...plan }) => {
        if (!known) return undefined
        const paidAt = paidAtOf(plan).toISOString()
        return (await atSimulator(site.simulatorUrl, deposit, 'pay', { paidAt, deliver: 'never' })).payments[0]?.transactionId
      },
      { concurrency: 20 },
    )
    const notices = plans.map((plan, i) => {
      const transactionId = transactionIds[i]
      return noticeOf(plan.deposit, { paidAt: paidAtOf(plan), ...(transactionId && { transactionId }) })
    })
    expect(trueNowMs(), 'the payments are prepared before the end').toBeLessThan(endMs - spreadMs)

    // Some notices come only once the client was told that the time ran out.
    const heldBack = new Set(inTime.filter(({ known, i }) => !known && i % 20 === 1).map(({ i }) => i))
    const inOrder = plans.filter(({ i }) => !heldBack.has(i)).sort((a, b) => a.offsetMs - b.offsetMs)
    const openTooLong = overdueStillOpen(database, endMs)
    const statuses = await pMap(
      inOrder,
      async (plan) => {
        await pause(Math.max(0, paidAtOf(plan).getTime() + postMs - trueNowMs()))
        const notice = notices[plan.i] as (typeof notices)[number]
        const targets = plan.i % 4 === 0 ? [urlOf(plan.i), urlOf(plan.i + 1)] : [urlOf(plan.i)]
        return Promise.all(targets.map(async (url) => (await deliver(url, notice)).status))
      },
      { concurrency: 64 },
    )
    const sentAfterMs = trueNowMs() - endMs
    expect(new Set(statuses.flat())).toEqual(new Set([200]))
    await pMap([...heldBack], async (i) => {
      await expect.poll(() => kindsOf(seen.get(ids[i] as string)), { timeout: 20_000 }).toEqual(['expired'])
      expect((await deliver(urlOf(i), notices[i] as (typeof notices)[number])).status).toBe(200)
    })

    console.info(await openTooLong)
    const wanted = { settled: inTime.length, expired: late.length }
    await expect.poll(() => countByStatus(database, ids), { timeout: 30_000 }).toEqual(wanted)
    await expect.poll(() => isQuiet(database), { timeout: 30_000 }).toBe(true)
    const settledAfterMs = trueNowMs() - endMs

    const facts = await depositFacts(database, ids)
    for (const { deposit } of inTime)
      expect(facts.get(deposit.id)).toMatchObject({ status: 'settled', creditedMinor: price, exception: 'none' })
    for (const { deposit } of late)
      expect(facts.get(deposit.id)).toMatchObject({
        status: 'expired',
        creditedMinor: '0',
        exception: 'paid_late',
        inReviewMinor: price,
      })
    expect(await suspenseMinor(database)).toBe(late.length * Number(price))
    const openCases = "SELECT COUNT(DISTINCT deposit_id) AS n FROM suspense_cases WHERE kind = 'paid_late' AND status = 'open'"
    expect(await numberOf(database, openCases)).toBe(late.length)
    const announced = await timesAnnounced(database, 'payment.paid', ids)
    expect(announced).toEqual(new Map(inTime.map(({ deposit }) => [deposit.id, 1])))
    await expectBalances(payers, opened, new Set(inTime.map(({ deposit }) => deposit.id)))

    await expect.poll(() => untold(seen, inTime, 'paid') + untold(seen, late, 'expired'), { timeout: 20_000 }).toBe(0)
    for (const { deposit } of inTime) {
      const { results, versions } = seen.get(deposit.id) as Seen
      expect([['paid'], ['expired', 'paid']]).toContainEqual(results.map(({ result }) => result))
      expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
      const [first, second] = results
      if (second) expect(second.deposit.version).toBeGreaterThan(first?.deposit.version ?? Number.NaN)
      expect(results.at(-1)?.deposit.status).toBe('settled')
    }
    for (const { deposit } of late) expect(kindsOf(seen.get(deposit.id))).toEqual(['expired'])
    const corrected = inTime.filter(({ deposit }) => kindsOf(seen.get(deposit.id)).length === 2).length
    expect(corrected).toBeGreaterThanOrEqual(heldBack.size)

    expect(await site.ledgerFaults()).toEqual([])
    console.info({ backend: backend.name, ...wanted, corrected, sentAfterMs, settledAfterMs })
    for (const client of [...payers, ...watchers]) client.close()
  })
})

/** Resolves to the milliseconds after the end at which the last deposit was no longer open. */
async function overdueStillOpen(database: Database, endMs: number): Promise<number> {
  const open = "SELECT COUNT(*) AS n FROM deposits WHERE status = 'pending'"
  while ((await numberOf(database, open)) > 0) await pause(20)
  return trueNowMs() - endMs
}

function untold(seen: Map<string, Seen>, plans: readonly { deposit: DepositView }[], result: string): number {
  return plans.filter(({ deposit }) => kindsOf(seen.get(deposit.id)).at(-1) !== result).length
}

async function expectBalances(payers: Awaited<ReturnType<typeof signUp>>[], opened: DepositView[][], paid: Set<string>) {
  for (const [i, payer] of payers.entries()) {
    const own = (opened[i] ?? []).filter(({ id }) => paid.has(id)).length
    expect(await balanceOf(payer)).toBe(String(own * Number(price)))
  }
}
