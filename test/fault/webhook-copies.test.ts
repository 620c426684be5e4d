import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, backends, type OpenBackend } from '../support/backends.ts'
import { eventsAbout, everyTable, isQuiet, numberOf } from '../support/money-facts.ts'
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
import { openSite, type Site, trueNowMs } from '../support/site.ts'

const copies = 64
const patiently = { timeout: 30_000 }
const nodeCountOf = ({ name }: Backend) => (name === 'embedded' ? 1 : 2)

describe.each(backends)('$name: one webhook', (backend) => {
  let data: OpenBackend
  let site: Site
  let client: TestClient
  const urlOf = (i: number) => site.nodes[i % site.nodes.length]?.url as string

  beforeAll(async () => {
    data = await backend.open()
    site = await openSite(data)
    await Promise.all(Array.from({ length: nodeCountOf(backend) }, () => site.startNode()))
    client = await signUp(urlOf(0))
  })
  afterAll(async () => {
    client?.close()
    await site?.[Symbol.asyncDispose]()
    await data?.[Symbol.asyncDispose]()
  })

  it(`that comes ${copies} times at once to ${nodeCountOf(backend)} node(s) is acknowledged each time and credited once`, async () => {
    const before = BigInt(await balanceOf(client))
    const deposit = await openDeposit(client)
    const eventId = randomUUID()
    const notice = noticeOf(deposit, { paidAt: new Date(), eventId })
    const answers = await Promise.all(Array.from({ length: copies }, (_, i) => deliver(urlOf(i), notice)))
    expect(answers.map(({ status }) => status)).toEqual(Array(copies).fill(200))
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as { duplicate: boolean }[]
    expect(bodies.filter(({ duplicate }) => !duplicate)).toHaveLength(1)

    await expect.poll(() => balanceOf(client), patiently).toBe(String(before + BigInt(price)))
    await expect.poll(() => isQuiet(site.database), patiently).toBe(true)
    expect(await balanceOf(client)).toBe(String(before + BigInt(price)))
    expect(await eventsAbout(site.database, deposit.id, 'payment.paid')).toHaveLength(1)
    const stored = 'SELECT COUNT(*) AS n FROM webhook_notices WHERE event_id = :eventId'
    expect(await numberOf(site.database, stored, { eventId })).toBe(1)
    expect(await site.ledgerFaults()).toEqual([])
  })

  it(`that tells of one payment under ${copies} event ids credits it once`, async () => {
    const before = BigInt(await balanceOf(client))
    const deposit = await openDeposit(client)
    const told = { paidAt: new Date(), transactionId: randomUUID() }
    const answers = await Promise.all(
      Array.from({ length: copies }, (_, i) => deliver(urlOf(i), noticeOf(deposit, told))),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    await expect.poll(() => isQuiet(site.database), patiently).toBe(true)
    expect(await balanceOf(client)).toBe(String(before + BigInt(price)))
    expect(await eventsAbout(site.database, deposit.id, 'payment.paid')).toHaveLength(1)
    const handled = "SELECT COUNT(*) AS n FROM webhook_notices WHERE charge_id = :id AND status = 'handled'"
    expect(await numberOf(site.database, handled, { id: deposit.id })).toBe(copies)
    expect(await site.ledgerFaults()).toEqual([])
  })

  it('that is forged, cut, stale or for somebody else is refused by its code, and changes no table', async () => {
    const deposit = await openDeposit(client)
    await expect.poll(() => isQuiet(site.database), patiently).toBe(true)
    const before = await everyTable(site.database)
    const paidAt = new Date()
    const right = noticeOf(deposit, { paidAt })
    const [name, signature] = Object.entries(right.headers).find(([header]) => header.endsWith('-signature')) ?? []
    const signedWith = (value: string) => ({ ...right, headers: { ...right.headers, [String(name)]: value } })
    const stale = new Date(trueNowMs() - 601_000)
    const [unsigned, notJson] = [
      { ...right, headers: { 'content-type': 'application/json' } },
      noticeOf({ ...deposit, id: '' }, { paidAt }),
    ]
    const refusals = [
      [
        'forged',
        noticeOf(deposit, { paidAt, secret: 'not the secret of the tests' }),
        401,
        'webhook.signature_invalid',
      ],
      ['cut', signedWith(String(signature).slice(0, -1)), 401, 'webhook.signature_invalid'],
      ['of another time', signedWith(String(signature).replace(/t=\d/, 't=2')), 401, 'webhook.signature_invalid'],
      ['unsigned', unsigned, 401, 'webhook.signature_invalid'],
      ['stale', noticeOf(deposit, { paidAt, signedAt: stale }), 401, 'webhook.signature_invalid'],
      ['changed', { ...right, body: right.body.replace(price, `${price}0`) }, 401, 'webhook.signature_invalid'],
      ['without its charge', notJson, 400, 'request.malformed'],
    ] as const
    for (const [what, notice, status, code] of refusals) {
      const answer = await deliver(urlOf(0), notice)
      expect([what, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([what, status, code])
    }
    for (const provider of ['stripe', 'Simulator', '__proto__']) {
      const answer = await deliver(urlOf(0), right, provider)
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
        404,
        'webhook.provider_unknown',
      ])
    }
    await atSimulator(site.simulatorUrl, deposit, 'pay', { deliver: 'forged' })
    const refused = async () => {
      const log = await fetch(`${site.simulatorUrl}/deliveries?reference=${deposit.payment?.reference}`)
      return ((await log.json()) as { items: { httpStatus: number }[] }).items.map(({ httpStatus }) => httpStatus)
    }
    await expect.poll(refused, patiently).toEqual([401])
    expect(await everyTable(site.database)).toEqual(before)
    expect(await client.deposits.get.query({ id: deposit.id })).toMatchObject({
      status: 'pending',
      version: deposit.version,
    })
  })
})
