import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backends, type OpenBackend } from '../support/backends.ts'
import { depositFacts, eventsAbout, isQuiet, kindsOf, numberOf, watchAll } from '../support/money-facts.ts'
import type { NodeProcess } from '../support/node-process.ts'
import {
  atSimulator,
  balanceOf,
  deliver,
  noticeOf,
  openDeposit,
  price,
  signUp,
  type TestClient,
} from '../support/payer.ts'
import { openSite, type Site } from '../support/site.ts'

const patiently = { timeout: 30_000, interval: 50 }
const moments = ['before commit', 'after commit', 'before publish', 'after publish'] as const

describe.each(backends)('$name: a node is killed (SIGKILL) while a payment is settled', (backend) => {
  let data: OpenBackend
  let site: Site
  let node: NodeProcess
  let client: TestClient
  let credited = 0n

  beforeAll(async () => {
    data = await backend.open()
    site = await openSite(data)
    node = await site.startNode()
    client = await signUp(node.url)
  })
  afterAll(async () => {
    client?.close()
    await site?.[Symbol.asyncDispose]()
    await data?.[Symbol.asyncDispose]()
  })

  it.each(moments)(
    '%s: after the restart there is one credit, one event, and the client is told once',
    async (moment) => {
      const deposit = await openDeposit(client)
      const seen = watchAll(client, [deposit]).get(deposit.id)
      const pushed: string[] = []
      using _ = client.realtime.on('payment:result', ({ eventId }) => void pushed.push(eventId))
      await expect.poll(() => seen?.versions.at(-1), patiently).toBe(deposit.version)
      const killed = node
      await killed.arm({ moment, depositId: deposit.id })
      await atSimulator(site.simulatorUrl, deposit, 'pay')
      expect((await killed.exit).signal).toBe('SIGKILL')

      const committed = moment !== 'before commit'
      const before = (await depositFacts(site.database, [deposit.id])).get(deposit.id)
      expect(before?.status).toBe(committed ? 'settled' : 'pending')
      const booked = 'SELECT COUNT(*) AS n FROM provider_transactions WHERE deposit_id = :id'
      expect(await numberOf(site.database, booked, { id: deposit.id })).toBe(committed ? 1 : 0)
      const [waiting, ...more] = await eventsAbout(site.database, deposit.id, 'payment.paid')
      expect(more).toEqual([])
      expect(waiting?.published).toBe(committed ? false : undefined)
      if (moment === 'after publish') expect(pushed).toEqual([waiting?.id])

      node = await site.restart(killed)
      await expect.poll(() => kindsOf(seen), patiently).toEqual(['paid'])
      await expect.poll(() => isQuiet(site.database), patiently).toBe(true)
      const events = await eventsAbout(site.database, deposit.id, 'payment.paid')
      expect(events).toEqual([{ id: waiting?.id ?? expect.any(String), type: 'payment.paid', published: true }])
      const eventId = events[0]?.id
      const times = (by: NodeProcess) => by.published.filter(({ id }) => id === eventId).length
      expect([times(killed), times(node)]).toEqual([moment === 'after publish' ? 1 : 0, 1])
      expect(new Set([...pushed, eventId])).toEqual(new Set([eventId]))

      credited += BigInt(price)
      expect(await balanceOf(client)).toBe(String(credited))
      expect(kindsOf(seen)).toEqual(['paid'])
      expect(seen?.results[0]?.deposit).toMatchObject({ status: 'settled', received: { minor: price } })
      expect(await site.ledgerFaults()).toEqual([])
    },
    60_000,
  )

  // One process has the embedded database to itself: nobody could take over there.
  it.runIf(backend.name !== 'embedded')(
    'before commit: another node brings it to its end within 10 s',
    async () => {
      const dying = await site.startNode()
      const deposit = await openDeposit(client)
      const seen = watchAll(client, [deposit]).get(deposit.id)
      await expect.poll(() => seen?.versions.at(-1), patiently).toBe(deposit.version)
      await dying.arm({ moment: 'before commit', depositId: deposit.id })
      await deliver(dying.url, noticeOf(deposit, { paidAt: new Date() })).catch(() => undefined)
      expect((await dying.exit).signal).toBe('SIGKILL')
      const killedAtMs = performance.now()
      await expect.poll(() => kindsOf(seen), patiently).toEqual(['paid'])
      expect(performance.now() - killedAtMs).toBeLessThan(10_000)
      await expect.poll(() => isQuiet(site.database), patiently).toBe(true)
      expect(await balanceOf(client)).toBe(String(credited + BigInt(price)))
      expect(await eventsAbout(site.database, deposit.id, 'payment.paid')).toHaveLength(1)
      expect(await site.ledgerFaults()).toEqual([])
    },
    60_000,
  )
})
