import { setTimeout as pause } from 'node:timers/promises'
import pMap from 'p-map'
import { describe, expect, it } from 'vitest'
import type { Database } from '../../src/platform/database/database.ts'
import { backends } from '../support/backends.ts'
import * as facts from '../support/money-facts.ts'
import { alsoAt, atSimulator, balanceOf, deliver, noticeOf, openDeposits, price, signUp } from '../support/payer.ts'
import { openSite, type Site, trueNowMs } from '../support/site.ts'

// The embedded database serves one process, and writes through one connection: fewer deposits there.
const sizes = {
  embedded: { nodeCount: 1, payerCount: 5, depositCount: 200, leadMs: 700 },
  'mariadb+redis': { nodeCount: 2, payerCount: 20, depositCount: 1000, leadMs: 1_200 },
}
const spreadMs = 50
/** A notice is sent this long after its payment; the clocks of nodes may differ from the database's by less. */
const postMs = 20
const patiently = { timeout: 60_000 }

describe.each(backends)('$name: payments within 50 ms around the end', (backend) => {
  const size = sizes[backend.name]

  it(`are credited once when made in time, and else expired with a case: ${size.depositCount} on ${size.nodeCount} node(s)`, {
    timeout: 180_000,
  }, async () => {
    await using data = await backend.open()
    await using site = await openSite(data)
    const { database } = site
    const cast = await openCast(site, size)
    const { ids, deposits, seen, urlOf } = cast

    const endMs = Math.ceil(trueNowMs()) + size.leadMs
    await moveEnd(database, endMs)
    const plans = deposits.map((deposit, i) => {
      const offsetMs = Math.round(-spreadMs + (2 * spreadMs * ((i * 7) % deposits.length)) / (deposits.length - 1))
      // The provider also knows of every tenth payment when asked: the janitor finds it while the notice comes in.
      return { deposit, i, paidAt: new Date(endMs + offsetMs), known: i % 10 === 0 }
    })
    const inTime = plans.filter(({ paidAt }) => paidAt.getTime() <= endMs)
    const late = plans.filter(({ paidAt }) => paidAt.getTime() > endMs)
    const lastOpenMs = lastOpenAfter(database, endMs)

    async function send({ deposit, i, paidAt, known }: (typeof plans)[number]): Promise<number[]> {
      const wish = { paidAt: paidAt.toISOString(), deliver: 'never' as const }
      const charge = known ? await atSimulator(site.simulatorUrl, deposit, 'pay', wish) : null
      const notice = noticeOf(deposit, { paidAt, transactionId: charge?.payments[0]?.transactionId })
      const targets = i % 4 === 0 ? [urlOf(i), urlOf(i + 1)] : [urlOf(i)]
      return Promise.all(targets.map(async (url) => (await deliver(url, notice)).status))
    }

    // Some notices come only once the client was told that the time ran out.
    const held = inTime.filter(({ i, known }) => !known && i % 20 === 1)
    const prompt = plans.filter((plan) => !held.includes(plan)).sort((a, b) => Number(a.paidAt) - Number(b.paidAt))
    expect(trueNowMs(), 'everything is prepared before the end').toBeLessThan(endMs - spreadMs)
    const promptly = await pMap(
      prompt,
      async (plan) => {
        await pause(Math.max(0, plan.paidAt.getTime() + postMs - trueNowMs()))
        return send(plan)
      },
      { concurrency: 64 },
    )
    const sentMs = trueNowMs() - endMs
    const afterwards = await pMap(held, async (plan) => {
      await expect.poll(() => facts.kindsOf(seen.get(plan.deposit.id)), patiently).toEqual(['expired'])
      return send(plan)
    })
    expect(new Set([...promptly, ...afterwards].flat())).toEqual(new Set([200]))

    const wanted = { settled: inTime.length, expired: late.length }
    await expect.poll(() => facts.countByStatus(database, ids), patiently).toEqual(wanted)
    await expect.poll(() => facts.isQuiet(database), patiently).toBe(true)
    const doneMs = trueNowMs() - endMs

    const found = await facts.depositFacts(database, ids)
    for (const { deposit } of inTime)
      expect(found.get(deposit.id)).toMatchObject({ status: 'settled', creditedMinor: price, exception: 'none' })
    const suspended = { status: 'expired', creditedMinor: '0', exception: 'paid_late', inReviewMinor: price }
    for (const { deposit } of late) expect(found.get(deposit.id)).toMatchObject(suspended)
    expect(await facts.suspenseMinor(database)).toBe(late.length * Number(price))
    expect(await facts.numberOf(database, openCases)).toBe(late.length)
    const once = new Map(inTime.map(({ deposit }) => [deposit.id, 1]))
    expect(await facts.timesAnnounced(database, 'payment.paid', ids)).toEqual(once)
    for (const [i, payer] of cast.payers.entries()) {
      const own = cast.opened[i]?.filter(({ id }) => once.has(id)) ?? []
      expect(await balanceOf(payer)).toBe(String(own.length * Number(price)))
    }

    const lastTold = (plan: (typeof plans)[number]) => facts.kindsOf(seen.get(plan.deposit.id)).at(-1)
    await expect.poll(() => inTime.filter((plan) => lastTold(plan) !== 'paid').length, patiently).toBe(0)
    await expect.poll(() => late.filter((plan) => lastTold(plan) !== 'expired').length, patiently).toBe(0)
    for (const { deposit } of inTime) {
      const { results, versions } = seen.get(deposit.id) as facts.Seen
      expect([['paid'], ['expired', 'paid']]).toContainEqual(results.map(({ result }) => result))
      expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
      const [first, second] = results
      if (second) expect(second.deposit.version).toBeGreaterThan(first?.deposit.version ?? Number.NaN)
      expect(results.at(-1)?.deposit.status).toBe('settled')
    }
    for (const { deposit } of late) expect(facts.kindsOf(seen.get(deposit.id))).toEqual(['expired'])
    const corrected = inTime.filter(({ deposit }) => facts.kindsOf(seen.get(deposit.id)).length === 2).length
    expect(corrected).toBeGreaterThanOrEqual(held.length)

    expect(await site.ledgerFaults()).toEqual([])
    expect(await lastOpenMs, 'no overdue deposit is open for longer').toBeLessThan(5000)
    console.info(backend.name, { ...wanted, corrected, lastOpenMs: await lastOpenMs, sentMs, doneMs })
    for (const client of cast.clients) client.close()
  })
})

const openCases =
  "SELECT COUNT(DISTINCT deposit_id) AS n FROM suspense_cases WHERE kind = 'paid_late' AND status = 'open'"

/** Payers with open deposits, each watching at another node than the one that made them. */
async function openCast(site: Site, { nodeCount, payerCount, depositCount }: (typeof sizes)['embedded']) {
  const nodes = await Promise.all(Array.from({ length: nodeCount }, () => site.startNode()))
  const urlOf = (i: number) => nodes[i % nodeCount]?.url as string
  const people = Array.from({ length: payerCount }, (_, i) => i)
  const payers = await pMap(people, (i) => signUp(urlOf(i)), { concurrency: 4 })
  const opened = await pMap(payers, (payer) => openDeposits(payer, depositCount / payerCount, 5), { concurrency: 4 })
  const deposits = opened.flat()
  expect(new Set(deposits.map(({ id }) => id)).size).toBe(depositCount)
  const watchers = await Promise.all(payers.map((payer, i) => alsoAt(urlOf(i + 1), payer)))
  const seen = new Map(watchers.flatMap((watcher, i) => [...facts.watchAll(watcher, opened[i] ?? [])]))
  const unseen = () => [...seen.values()].filter(({ versions }) => versions.length === 0).length
  await expect.poll(unseen, patiently).toBe(0)
  return { ids: deposits.map(({ id }) => id), urlOf, payers, opened, deposits, seen, clients: [...payers, ...watchers] }
}

function moveEnd(database: Database, endMs: number): Promise<number> {
  const sql = 'UPDATE deposits SET expires_at_ms = :endMs, next_check_at_ms = :checkMs'
  return database.transaction((tx) => tx.change(sql, { endMs, checkMs: endMs + 1_000 }))
}

/** Resolves to the milliseconds after the end at which the last deposit was no longer open. */
async function lastOpenAfter(database: Database, endMs: number): Promise<number> {
  const open = "SELECT COUNT(*) AS n FROM deposits WHERE status = 'pending'"
  while ((await facts.numberOf(database, open)) > 0) await pause(50)
  return trueNowMs() - endMs
}
