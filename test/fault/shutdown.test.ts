import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { backends } from '../support/backends.ts'
import { countByStatus, depositFacts, isQuiet, numberOf, timesAnnounced } from '../support/money-facts.ts'
import { balanceOf, noticeOf, openDeposit, openDeposits, price, type SignedNotice, signUp } from '../support/payer.ts'
import { openSite } from '../support/site.ts'

const createCount = 50
const webhookCount = 20
const timeoutMs = 10_000
const patiently = { timeout: 30_000, interval: 50 }

describe.each(backends)('$name: a server that is told to end (SIGTERM)', (backend) => {
  it(`answers ${createCount} deposits.create and ${webhookCount} webhooks in flight, tells its sockets, exits 0, and loses nothing`, {
    timeout: 120_000,
  }, async () => {
    await using data = await backend.open()
    await using site = await openSite(data, {
      SHUTDOWN_TIMEOUT_MS: String(timeoutMs),
      DEPOSITS_OPEN_PER_USER_MAX: '1000',
      DEPOSIT_ADDRESSES_PER_USER_MAX: '1000',
    })
    const { database } = site
    const node = await site.startNode({}, 'serve')
    // No repetition by the SDK: each call is one request.
    using client = await signUp(node.url, { retriesMax: 0, batchMax: 1 })
    const paid = await openDeposits(client, webhookCount)
    const reasons: string[] = []
    client.realtime.on('session:ended', ({ reason }) => reasons.push(reason))
    await expect.poll(() => client.realtime.status, patiently).toBe('connected')

    // The gateway hangs, so every create is under way when the end comes.
    await setOutage(site.simulatorUrl, 'hang')
    const creates = Array.from({ length: createCount }, () => openDeposit(client))
    const answered = Promise.allSettled(creates)
    const openedSoFar = () => database.select('SELECT id FROM deposits').then(({ length }) => length)
    await expect.poll(openedSoFar, patiently).toBe(webhookCount + createCount)
    // Half of each webhook has arrived.
    const webhooks = paid.map((deposit) => beginDelivery(node.url, noticeOf(deposit, { paidAt: new Date() })))
    await pause(300)
    const toldAtMs = performance.now()
    const exited = node.stop()
    await pause(300)
    await setOutage(site.simulatorUrl, false)
    const acknowledged = await Promise.all(webhooks.map((webhook) => webhook.finish()))

    const exit = await exited
    const endedInMs = performance.now() - toldAtMs
    expect([exit, node.output().includes('"level":60')]).toEqual([{ code: 0, signal: null }, false])
    expect(endedInMs).toBeLessThan(timeoutMs)
    const made = await answered
    expect(made.map(({ status }) => status)).toEqual(Array(createCount).fill('fulfilled'))
    expect(acknowledged).toEqual(Array(webhookCount).fill(200))
    expect(reasons).toEqual(['server_shutdown'])

    await site.restart(node)
    await expect.poll(() => client.realtime.status, patiently).toBe('connected')
    const paidIds = paid.map(({ id }) => id)
    await expect.poll(() => countByStatus(database, paidIds), patiently).toEqual({ settled: webhookCount })
    await expect.poll(() => isQuiet(database), patiently).toBe(true)
    expect(await timesAnnounced(database, 'payment.paid', paidIds)).toEqual(new Map(paidIds.map((id) => [id, 1])))
    expect(await balanceOf(client)).toBe(String(webhookCount * Number(price)))
    const answers = made.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    const found = await depositFacts(
      database,
      answers.map(({ id }) => id),
    )
    for (const { id, status, version } of answers) {
      expect(status).toBe('pending')
      expect(found.get(id)).toMatchObject({ status, version })
    }
    expect(await site.ledgerFaults()).toEqual([])
    console.info(backend.name, { endedInMs })
  })
})

describe('a server whose gateway never answers', () => {
  it('ends in time all the same, and says that something was cut off', { timeout: 60_000 }, async () => {
    await using data = await backends[0]!.open()
    const hanging = { SHUTDOWN_TIMEOUT_MS: '1000', GATEWAY_TIMEOUT_MS: '120000' }
    await using site = await openSite(data, hanging)
    const node = await site.startNode({}, 'serve')
    using client = await signUp(node.url, { retriesMax: 0 })
    await setOutage(site.simulatorUrl, 'hang')
    const made = openDeposit(client).catch(() => 'cut off')
    const due = 'SELECT COUNT(*) AS n FROM deposits WHERE checks > 0'
    // The janitor has claimed it: it is asking.
    await expect.poll(() => numberOf(site.database, due), patiently).toBe(1)
    const toldAtMs = performance.now()
    expect(await node.stop()).toEqual({ code: 1, signal: null })
    expect(performance.now() - toldAtMs).toBeLessThan(10_000)
    expect(node.output()).toContain('cut off')
    expect(await made).toBe('cut off')
    expect(await site.ledgerFaults()).toEqual([])
  })
})

async function setOutage(simulatorUrl: string, outage: boolean | 'hang'): Promise<void> {
  const body = JSON.stringify({ outage })
  const headers = { 'content-type': 'application/json' }
  expect((await fetch(`${simulatorUrl}/behaviour`, { method: 'PATCH', headers, body })).ok).toBe(true)
}

/** Sends the first half of a webhook. `finish` sends the rest and resolves to the status. */
function beginDelivery(url: string, { body, headers }: SignedNotice) {
  const sending = request(`${url}/webhooks/simulator`, {
    method: 'POST',
    agent: false,
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
  })
  const answered = once(sending, 'response')
  sending.write(body.slice(0, 100))
  return {
    async finish(): Promise<number | undefined> {
      sending.end(body.slice(100))
      const [answer] = (await answered) as [IncomingMessage]
      answer.resume()
      return answer.statusCode
    },
  }
}
