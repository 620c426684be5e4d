import { setTimeout as pause } from 'node:timers/promises'
import pMap from 'p-map'
import { describe, expect, it } from 'vitest'
import { backends } from '../support/backends.ts'
import { countByStatus, depositFacts, isQuiet, numberOf, timesAnnounced } from '../support/money-facts.ts'
import { atSimulator, balanceOf, openDeposits, price, signUp } from '../support/payer.ts'
import { openSite, trueNowMs } from '../support/site.ts'

const depositCount = 200
const paidCount = 20
const leftMs = 1_500
const caughtUpWithinMs = 5_000

describe.each(backends)('$name: every node is down', (backend) => {
  const nodeCount = backend.name === 'embedded' ? 1 : 2

  it(`while ${depositCount} deposits end and the notices of ${paidCount} payments get lost: ${nodeCount} node(s) put all right within 5 s`, {
    timeout: 120_000,
  }, async () => {
    await using data = await backend.open()
    await using site = await openSite(data)
    const { database } = site
    const nodes = await Promise.all(Array.from({ length: nodeCount }, () => site.startNode()))
    using client = await signUp(nodes[0]?.url as string)
    const deposits = await openDeposits(client, depositCount)
    const ids = deposits.map(({ id }) => id)
    await Promise.all(nodes.map((node) => node.kill()))

    // As if they had been opened earlier: each is checked a second and a half before its end, at the next chance.
    const endMs = Math.ceil(trueNowMs()) + leftMs
    await database.transaction((tx) =>
      tx.change('UPDATE deposits SET expires_at_ms = :endMs, next_check_at_ms = :checkMs', {
        endMs,
        checkMs: endMs - leftMs,
      }),
    )
    const paid = deposits.filter((_, i) => i % (depositCount / paidCount) === 0)
    await pMap(paid, (deposit) => atSimulator(site.simulatorUrl, deposit, 'pay', { deliver: 'never' }), {
      concurrency: 5,
    })
    expect(trueNowMs(), 'the payments were made in time').toBeLessThan(endMs)
    await pause(endMs - trueNowMs())
    expect(await countByStatus(database, ids)).toEqual({ pending: depositCount })

    const restarted = await Promise.all(nodes.map((node) => site.restart(node)))
    const readyMs = trueNowMs()
    const wanted = { settled: paidCount, expired: depositCount - paidCount }
    await expect.poll(() => countByStatus(database, ids), { timeout: caughtUpWithinMs, interval: 50 }).toEqual(wanted)
    const caughtUpMs = trueNowMs() - readyMs
    expect(caughtUpMs).toBeLessThan(caughtUpWithinMs)

    await expect.poll(() => isQuiet(database), { timeout: 20_000 }).toBe(true)
    const found = await depositFacts(database, ids)
    for (const { id } of paid) expect(found.get(id)).toMatchObject({ status: 'settled', creditedMinor: price })
    expect(await numberOf(database, 'SELECT COUNT(*) AS n FROM webhook_notices')).toBe(0)
    expect(await timesAnnounced(database, 'payment.paid', ids)).toEqual(new Map(paid.map(({ id }) => [id, 1])))
    expect(await balanceOf(client)).toBe(String(paidCount * Number(price)))
    expect(await site.ledgerFaults()).toEqual([])
    console.info(backend.name, { caughtUpMs, startedInMs: restarted.map(({ startedInMs }) => startedInMs) })
  })
})
