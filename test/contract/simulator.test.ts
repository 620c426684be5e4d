import { randomBytes, randomUUID } from 'node:crypto'
import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { money } from '../../src/kernel/money.ts'
import { sign, signatureHeader } from '../../src/payments/adapters/provider/simulator/signing.ts'
import {
  type SimulatorOptions,
  startSimulator,
} from '../../src/payments/adapters/provider/simulator/start-simulator.ts'
import { createSimulatorGateway } from '../../src/payments/adapters/provider/simulator-gateway.ts'
import type { Gateway } from '../../src/payments/app/gateway-port.ts'
import type { NewCharge } from '../../src/payments/domain/gateway.ts'

const secret = 'a-secret-of-the-contract-test'
const log = pino({ level: 'silent' })
const until = { timeout: 10_000, interval: 10 }

interface Received {
  readonly body: Buffer
  readonly headers: IncomingHttpHeaders
}

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]()
})

function opened<T extends AsyncDisposable>(resource: T): T {
  open.push(resource)
  return resource
}

/** A real HTTP server that keeps what it gets and answers with the statuses given, then with 200. */
async function startReceiver(statuses: number[] = []) {
  const received: Received[] = []
  let connections = 0
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    received.push({ body: Buffer.concat(chunks), headers: request.headers })
    response.writeHead(statuses.shift() ?? 200).end('noted')
  }).on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return opened({
    received,
    connections: () => connections,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/simulator`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

function gatewayAt(url: string, overrides: { secret?: string; timeoutMs?: number } = {}): Gateway {
  return createSimulatorGateway({
    url,
    secret,
    timeoutMs: 2000,
    ttlMs: 900_000,
    clock: { now: () => new Date() },
    randomBytes: (size) => randomBytes(size),
    ...overrides,
  })
}

async function start(overrides: Partial<SimulatorOptions> = {}, statuses: number[] = []) {
  const receiver = await startReceiver(statuses)
  const options = { host: '127.0.0.1', port: 0, secret, webhookUrl: receiver.url, log, retryDelaysMs: [20, 40, 80] }
  const simulator = opened(await startSimulator({ ...options, ...overrides }))
  return { receiver, simulator, gateway: gatewayAt(simulator.url), tester: testerAt(simulator.url) }
}

function testerAt(url: string) {
  async function ask(method: string, path: string, body?: unknown) {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(`${url}${path}`, { method, ...(body !== undefined && { body: text }) })
    return { status: response.status, body: await response.json() }
  }
  const charge = (reference: string) => `/charges/${encodeURIComponent(reference)}`
  return {
    ask,
    look: (reference: string) => ask('GET', charge(reference)),
    act: (reference: string, action: string, body?: unknown) => ask('POST', `${charge(reference)}/${action}`, body),
    behave: (patch: object) => ask('PATCH', '/behaviour', patch),
    deliveries: async () => (await ask('GET', '/deliveries')).body.items as Record<string, unknown>[],
  }
}

function newCharge(overrides: Partial<NewCharge> = {}): NewCharge {
  return {
    chargeId: randomUUID(),
    method: 'bank_transfer',
    reference: gatewayAt('http://unused.invalid').issueReference('bank_transfer'),
    amount: money(150_000n, 'IDR'),
    expiresAt: new Date(Date.now() + 900_000),
    ...overrides,
  }
}

const read = (gateway: Gateway, { body, headers }: Received, now = new Date()) =>
  gateway.readNotice({ body, header: (name) => headers[name]?.toString(), now })

const settledSoon = (ms = 150) => new Promise((resolve) => setTimeout(resolve, ms))

describe('a charge', () => {
  it('is made once, however often it is asked for, even at once', async () => {
    const { gateway, simulator, tester } = await start()
    const charge = newCharge()
    const answers = await Promise.all(Array.from({ length: 10 }, () => gateway.createCharge(charge)))
    expect(new Set(answers.map(({ reference }) => reference))).toEqual(new Set([charge.reference]))
    expect((await tester.ask('GET', '/healthz')).body.charges).toBe(1)
    expect(await gateway.findCharge(charge.chargeId)).toEqual({
      chargeId: charge.chargeId,
      status: 'open',
      payments: [],
      takebacks: [],
    })
    expect(simulator.port).toBeGreaterThan(0)
  })

  it('is refused under an id that names another charge', async () => {
    const { gateway } = await start()
    const charge = newCharge()
    await gateway.createCharge(charge)
    await expect(gateway.createCharge({ ...charge, amount: money(1n, 'IDR') })).rejects.toMatchObject({
      code: 'gateway.refused',
      kind: 'conflict',
      details: { reason: 'charge.mismatch' },
    })
  })

  it('is null when the provider knows none', async () => {
    const { gateway } = await start()
    expect(await gateway.findCharge(randomUUID())).toBeNull()
  })

  it('is found by its reference, whatever characters that has; the newest wins', async () => {
    const { gateway, tester } = await start()
    const reference = 'a/b c%2F?#é&=+'
    const [older, newer] = [newCharge({ reference }), newCharge({ reference })]
    await gateway.createCharge(older)
    await gateway.createCharge(newer)
    await tester.act(reference, 'processing')
    expect((await tester.look(reference)).body).toMatchObject({ chargeId: newer.chargeId, status: 'processing' })
    expect(await gateway.findCharge(older.chargeId)).toMatchObject({ status: 'open' })
  })

  it('is over by itself after its time, and can be paid even so', async () => {
    const { gateway, tester } = await start()
    const charge = newCharge({ expiresAt: new Date(Date.now() + 30) })
    await gateway.createCharge(charge)
    await settledSoon(50)
    expect(await gateway.findCharge(charge.chargeId)).toMatchObject({ status: 'expired' })
    await tester.act(charge.reference, 'pay')
    expect(await gateway.findCharge(charge.chargeId)).toMatchObject({ status: 'paid', payments: [{ minor: 150_000n }] })
  })

  it('is canceled when nobody paid; unknown, over and paid ones are no error and stay', async () => {
    const { gateway, tester } = await start()
    const [unpaid, paid, denied] = [newCharge(), newCharge(), newCharge()]
    for (const charge of [unpaid, paid, denied]) await gateway.createCharge(charge)
    await tester.act(paid.reference, 'pay', { amountMinor: '1' })
    await tester.act(denied.reference, 'deny')
    for (const { chargeId } of [unpaid, unpaid, paid, denied]) await gateway.cancelCharge(chargeId)
    await gateway.cancelCharge(randomUUID())
    expect(await gateway.findCharge(unpaid.chargeId)).toMatchObject({ status: 'canceled' })
    expect(await gateway.findCharge(paid.chargeId)).toMatchObject({ status: 'open' })
    expect(await gateway.findCharge(denied.chargeId)).toMatchObject({ status: 'denied' })
  })

  it('pays itself when the behaviour says so', async () => {
    const { gateway, receiver } = await start({ behaviour: { autoPayAfterMs: 20 } })
    const charge = newCharge()
    await gateway.createCharge(charge)
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1), until)
    expect(read(gateway, receiver.received[0]!).report).toMatchObject({ chargeId: charge.chargeId, status: 'paid' })
  })
})

describe('a payment', () => {
  it('is of the amount due, in the currency of the charge, now, unless told otherwise', async () => {
    const { gateway, tester, receiver } = await start()
    const charge = newCharge()
    await gateway.createCharge(charge)
    const paidAt = new Date('2026-01-31T12:00:00.000Z')
    await tester.act(charge.reference, 'pay', { amountMinor: 50_000, paidAt: '2026-01-31T19:00:00+07:00' })
    await tester.act(charge.reference, 'pay', { amountMinor: '7', currency: 'DOGE' })
    expect(await gateway.findCharge(charge.chargeId)).toMatchObject({ status: 'open' })
    const before = Date.now()
    await tester.act(charge.reference, 'pay')

    const report = await gateway.findCharge(charge.chargeId)
    expect(report).toMatchObject({
      status: 'paid',
      payments: [
        { minor: 50_000n, currency: 'IDR', paidAt },
        { minor: 7n, currency: 'DOGE' },
        { minor: 100_000n, currency: 'IDR' },
      ],
    })
    expect(report?.payments[2]?.paidAt?.getTime()).toBeGreaterThanOrEqual(before)
    expect(new Set(report?.payments.map(({ transactionId }) => transactionId)).size).toBe(3)

    await vi.waitFor(() => expect(receiver.received).toHaveLength(3), until)
    const told = receiver.received.map((one) => read(gateway, one).report.payments)
    expect(told.every(({ length }) => length === 1)).toBe(true)
    expect(new Set(told.flat().map(({ transactionId }) => transactionId)).size).toBe(3)
  })

  it('can be the largest that 64 bits hold, and no larger', async () => {
    const { gateway, tester } = await start()
    const charge = newCharge({ amount: money(2n ** 63n - 1n, 'USDT') })
    await gateway.createCharge(charge)
    expect((await tester.act(charge.reference, 'pay')).status).toBe(200)
    expect(await gateway.findCharge(charge.chargeId)).toMatchObject({ payments: [{ minor: 2n ** 63n - 1n }] })
    const larger = await tester.act(charge.reference, 'pay', { amountMinor: (2n ** 63n).toString() })
    expect(larger).toMatchObject({ status: 400, body: { error: { issues: [{ field: 'amountMinor' }] } } })
  })

  it('delivered once is told once', async () => {
    const { gateway, tester, receiver } = await start({ behaviour: { lossRate: 1, duplicateRate: 1 } })
    const charge = newCharge()
    await gateway.createCharge(charge)
    const { body } = await tester.act(charge.reference, 'pay', { deliver: 'once' })
    await settledSoon()
    expect(receiver.received).toHaveLength(1)
    const notice = read(gateway, receiver.received[0]!)
    expect(notice).toEqual({
      eventId: body.notice.eventId,
      report: {
        chargeId: charge.chargeId,
        status: 'paid',
        payments: [
          {
            transactionId: body.charge.payments[0].transactionId,
            minor: 150_000n,
            currency: 'IDR',
            paidAt: new Date(body.charge.payments[0].paidAt),
          },
        ],
        takebacks: [],
      },
    })
  })

  it('delivered twice is told twice under one event id', async () => {
    const { gateway, tester, receiver } = await start()
    const charge = newCharge()
    await gateway.createCharge(charge)
    await tester.act(charge.reference, 'pay', { deliver: 'twice' })
    await vi.waitFor(() => expect(receiver.received).toHaveLength(2), until)
    const [first, second] = receiver.received.map((one) => read(gateway, one))
    expect(first).toEqual(second)
  })

  it('never delivered is found when asked for', async () => {
    const { gateway, tester, receiver } = await start()
    const charge = newCharge()
    await gateway.createCharge(charge)
    await tester.act(charge.reference, 'pay', { deliver: 'never' })
    await settledSoon()
    expect(receiver.received).toEqual([])
    expect(await gateway.findCharge(charge.chargeId)).toMatchObject({ status: 'paid', payments: [{ minor: 150_000n }] })
    expect(await tester.deliveries()).toMatchObject([{ outcome: 'lost' }])
  })

  it('delivered late is known at once and told after the delay', async () => {
    const { gateway, tester, receiver } = await start()
    const charge = newCharge()
    await gateway.createCharge(charge)
    const before = Date.now()
    await tester.act(charge.reference, 'pay', { deliver: 'late', delayMs: 200 })
    expect(await gateway.findCharge(charge.chargeId)).toMatchObject({ status: 'paid' })
    expect(receiver.received).toEqual([])
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1), until)
    expect(Date.now() - before).toBeGreaterThanOrEqual(195)
  })

  it('forged is told with a wrong signature, once, and was never made', async () => {
    const { gateway, tester, receiver } = await start({}, [401])
    const charge = newCharge()
    await gateway.createCharge(charge)
    await tester.act(charge.reference, 'pay', { deliver: 'forged' })
    await settledSoon()
    expect(receiver.received).toHaveLength(1)
    expect(() => read(gateway, receiver.received[0]!)).toThrow(
      expect.objectContaining({ code: 'webhook.signature_invalid', kind: 'unauthenticated' }),
    )
    expect(JSON.parse(receiver.received[0]!.body.toString())).toMatchObject({ status: 'paid' })
    expect(await gateway.findCharge(charge.chargeId)).toMatchObject({ status: 'open', payments: [] })
  })

  it('on a reference that nobody was given is a 404', async () => {
    const { tester } = await start()
    expect(await tester.act('88080000', 'pay')).toEqual({
      status: 404,
      body: { error: { code: 'charge.unknown', message: 'there is no charge on this reference' } },
    })
  })
})

describe('money going back', () => {
  async function paid() {
    const started = await start()
    const charge = newCharge()
    await started.gateway.createCharge(charge)
    const { body } = await started.tester.act(charge.reference, 'pay', { deliver: 'never' })
    return { ...started, charge, transactionId: String(body.charge.payments[0].transactionId) }
  }

  it('by our refund happens once for each refund id, up to what was paid, and is no takeback', async () => {
    const { gateway, tester, charge, transactionId } = await paid()
    const refund = { refundId: randomUUID(), chargeId: charge.chargeId, transactionId, amount: money(100_000n, 'IDR') }
    await Promise.all([gateway.refundPayment(refund), gateway.refundPayment(refund)])
    await gateway.refundPayment(refund)
    expect((await tester.look(charge.reference)).body.refunds).toMatchObject([
      { refundId: refund.refundId, minor: '100000' },
    ])
    expect(await gateway.findCharge(charge.chargeId)).toMatchObject({ status: 'paid', takebacks: [] })

    const refused = (reason: string) => ({ code: 'gateway.refused', details: { reason } })
    const other = { ...refund, refundId: randomUUID() }
    await expect(gateway.refundPayment({ ...refund, amount: money(1n, 'IDR') })).rejects.toMatchObject(
      refused('refund.mismatch'),
    )
    await expect(gateway.refundPayment(other)).rejects.toMatchObject(refused('amount.too_large'))
    await expect(gateway.refundPayment({ ...other, amount: money(1n, 'USD') })).rejects.toMatchObject(
      refused('refund.currency_mismatch'),
    )
    await expect(gateway.refundPayment({ ...other, transactionId: 'none' })).rejects.toMatchObject(
      refused('payment.unknown'),
    )
    await expect(gateway.refundPayment({ ...other, chargeId: randomUUID() })).rejects.toMatchObject(
      refused('charge.unknown'),
    )
  })

  it("by the provider's partial refund and then by a reversal of the rest, each told with its takeback alone", async () => {
    const { gateway, tester, receiver, charge } = await paid()
    await tester.act(charge.reference, 'refund', { amountMinor: '50000' })
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1), until)
    await tester.act(charge.reference, 'reverse')
    await vi.waitFor(() => expect(receiver.received).toHaveLength(2), until)
    const reports = receiver.received.map((one) => read(gateway, one).report)
    expect(reports).toMatchObject([
      { status: 'paid', payments: [], takebacks: [{ kind: 'refund', minor: 50_000n, currency: 'IDR' }] },
      { status: 'paid', payments: [], takebacks: [{ kind: 'reversal', minor: 100_000n, currency: 'IDR' }] },
    ])
    const found = await gateway.findCharge(charge.chargeId)
    expect(found?.takebacks).toEqual(reports.flatMap(({ takebacks }) => takebacks))
    expect(await tester.act(charge.reference, 'reverse')).toMatchObject({ status: 409 })
    expect(await tester.act(charge.reference, 'refund', { amountMinor: '1' })).toMatchObject({ status: 409 })
  })

  it('is refused where nothing was paid', async () => {
    const { gateway, tester } = await start()
    const charge = newCharge()
    await gateway.createCharge(charge)
    for (const action of ['refund', 'reverse'])
      expect(await tester.act(charge.reference, action)).toMatchObject({
        status: 409,
        body: { error: { code: 'amount.nothing_left' } },
      })
  })
})

describe('a notice', () => {
  async function received() {
    const started = await start()
    const charge = newCharge()
    await started.gateway.createCharge(charge)
    await started.tester.act(charge.reference, 'pay')
    await vi.waitFor(() => expect(started.receiver.received).toHaveLength(1), until)
    return { ...started, notice: started.receiver.received[0]! }
  }
  const invalid = expect.objectContaining({ code: 'webhook.signature_invalid', kind: 'unauthenticated' })
  const malformed = expect.objectContaining({ code: 'request.malformed', kind: 'invalid' })

  it.each(['deny', 'expire', 'processing'])('is sent for %s', async (action) => {
    const status = { deny: 'denied', expire: 'expired', processing: 'processing' }[action]
    const { gateway, tester, receiver } = await start()
    const charge = newCharge()
    await gateway.createCharge(charge)
    await tester.act(charge.reference, action)
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1), until)
    expect(read(gateway, receiver.received[0]!).report).toEqual({
      chargeId: charge.chargeId,
      status,
      payments: [],
      takebacks: [],
    })
    await tester.act(charge.reference, 'pay')
    expect(await gateway.findCharge(charge.chargeId)).toMatchObject({ status: 'paid' })
  })

  it('of a denial after payment is told, while the charge stays paid', async () => {
    const { gateway, tester, receiver } = await start()
    const charge = newCharge()
    await gateway.createCharge(charge)
    await tester.act(charge.reference, 'pay', { deliver: 'never' })
    await tester.act(charge.reference, 'deny')
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1), until)
    expect(read(gateway, receiver.received[0]!).report.status).toBe('denied')
    expect(await gateway.findCharge(charge.chargeId)).toMatchObject({ status: 'paid' })
  })

  it('is refused when a single byte of its body is another', async () => {
    const { gateway, notice } = await received()
    const body = Buffer.from(notice.body)
    body[20]! ^= 1
    expect(() => read(gateway, { ...notice, body })).toThrow(invalid)
    expect(() => read(gateway, { ...notice, body: Buffer.concat([notice.body, Buffer.from(' ')]) })).toThrow(invalid)
  })

  it('is refused by another secret', async () => {
    const { simulator, notice } = await received()
    expect(() => read(gatewayAt(simulator.url, { secret: 'another-secret-altogether' }), notice)).toThrow(invalid)
  })

  it('is refused more than ten minutes before or after its time', async () => {
    const { gateway, notice } = await received()
    const at = Number(/t=(\d+)/.exec(notice.headers[signatureHeader]!.toString())![1])
    for (const away of [-600_000, 600_000]) expect(read(gateway, notice, new Date(at + away))).toBeDefined()
    for (const away of [-600_001, 600_001]) expect(() => read(gateway, notice, new Date(at + away))).toThrow(invalid)
  })

  it('is refused with a signature that is absent, cut, longer, of another time, or no hexadecimal', async () => {
    const { gateway, notice } = await received()
    const genuine = notice.headers[signatureHeader]!.toString()
    const [time, digest] = [genuine.slice(0, genuine.indexOf(',')), genuine.slice(-64)]
    const forgeries = [
      undefined,
      '',
      genuine.slice(0, -1),
      genuine.slice(0, -2),
      genuine.slice(0, -64),
      `${genuine}0`,
      `${genuine},v1=${digest}`,
      `${time},v1=${'z'.repeat(64)}`,
      `t=${Number(time.slice(2)) + 1},v1=${digest}`,
      `t=NaN,v1=${digest}`,
      `v1=${digest}`,
    ]
    for (const forgery of forgeries) {
      const header = () => forgery
      expect(() => gateway.readNotice({ body: notice.body, header, now: new Date() })).toThrow(invalid)
    }
  })

  it('is malformed when it is signed and yet makes no sense', async () => {
    const { gateway, notice } = await received()
    const sense = JSON.parse(notice.body.toString())
    const now = new Date()
    const readSigned = (body: Uint8Array) => gateway.readNotice({ body, header: () => sign(secret, now, body), now })
    const payment = sense.payments[0]
    const nonsense: unknown[] = [
      null,
      [],
      'text',
      { ...sense, eventId: undefined },
      { ...sense, eventId: 7 },
      { ...sense, status: 'settled' },
      { ...sense, payments: {} },
      ...['-1', '1.5', '01', '1e3', '', ' 1', (2n ** 63n).toString(), 5, null].map((minor) => ({
        ...sense,
        payments: [{ ...payment, minor }],
      })),
      { ...sense, payments: [{ ...payment, currency: '' }] },
      { ...sense, payments: [{ ...payment, paidAt: 'yesterday' }] },
      { ...sense, payments: [{ ...payment, paidAt: '2026-02-31T00:00:00Z' }] },
    ]
    for (const body of nonsense) expect(() => readSigned(Buffer.from(JSON.stringify(body)))).toThrow(malformed)
    for (const text of ['', 'not json', '{"eventId":']) expect(() => readSigned(Buffer.from(text))).toThrow(malformed)
    expect(() => readSigned(Buffer.from([0x22, 0xff, 0x22]))).toThrow(malformed)
    const strange = { ...sense, payments: [{ ...payment, currency: 'ZZZ', minor: '0', paidAt: null }], more: 1 }
    expect(readSigned(Buffer.from(JSON.stringify(strange))).report.payments).toMatchObject([
      { currency: 'ZZZ', minor: 0n, paidAt: null },
    ])
  })

  it('is sent again until it is welcome, under one event id, and freshly signed', async () => {
    const { gateway, tester, receiver } = await start({}, [500, 302, 404])
    const charge = newCharge()
    await gateway.createCharge(charge)
    await tester.act(charge.reference, 'pay')
    await vi.waitFor(() => expect(receiver.received).toHaveLength(4), until)
    expect(new Set(receiver.received.map((one) => read(gateway, one).eventId)).size).toBe(1)
    expect(new Set(receiver.received.map(({ headers }) => headers[signatureHeader])).size).toBe(4)
    expect((await tester.deliveries()).map(({ outcome, httpStatus }) => [outcome, httpStatus])).toEqual([
      ['delivered', 200],
      ['refused', 404],
      ['refused', 302],
      ['refused', 500],
    ])
  })

  it('is given up after a bounded number of attempts at a server that is not there', async () => {
    const { gateway, tester } = await start({ webhookUrl: 'http://127.0.0.1:1/webhooks/simulator' })
    const charge = newCharge()
    await gateway.createCharge(charge)
    await tester.act(charge.reference, 'pay')
    await settledSoon(400)
    const attempts = await tester.deliveries()
    expect(attempts).toHaveLength(4)
    expect(attempts[0]).toMatchObject({ attempt: 4, outcome: 'failed', error: 'ECONNREFUSED', retryInMs: null })
  })

  it('is lost or doubled at the rates of the behaviour', async () => {
    const { gateway, tester, receiver } = await start()
    const charge = newCharge()
    await gateway.createCharge(charge)
    await tester.behave({ lossRate: 1 })
    await tester.act(charge.reference, 'pay')
    await settledSoon(50)
    expect(receiver.received).toEqual([])
    await tester.behave({ lossRate: 0, duplicateRate: 1 })
    await tester.act(charge.reference, 'pay')
    await vi.waitFor(() => expect(receiver.received).toHaveLength(2), until)
  })

  it('may be overtaken where the behaviour lets it', async () => {
    const draws = [0.5, 0, 0, 0, 0, 0]
    const random = () => draws.shift() ?? 0
    const { gateway, tester, receiver } = await start({ behaviour: { outOfOrder: true }, random })
    const charge = newCharge()
    await gateway.createCharge(charge)
    await tester.act(charge.reference, 'processing', { deliver: 'once' })
    await tester.act(charge.reference, 'pay', { deliver: 'once' })
    await vi.waitFor(() => expect(receiver.received).toHaveLength(2), until)
    expect(receiver.received.map((one) => read(gateway, one).report.status)).toEqual(['paid', 'processing'])
  })
})

describe('an outage', () => {
  const unavailable = { code: 'gateway.unavailable', kind: 'unavailable' }
  const everyCall = (gateway: Gateway, charge: NewCharge) => [
    () => gateway.createCharge(charge),
    () => gateway.findCharge(charge.chargeId),
    () => gateway.cancelCharge(charge.chargeId),
    () =>
      gateway.refundPayment({
        refundId: randomUUID(),
        chargeId: charge.chargeId,
        transactionId: randomUUID(),
        amount: money(1n, 'IDR'),
      }),
  ]

  it('makes the gateway unavailable and holds notices back; payers pay all the same', async () => {
    const { gateway, tester, receiver } = await start({ retryDelaysMs: Array(100).fill(20) })
    const charge = newCharge()
    await gateway.createCharge(charge)
    await tester.behave({ outage: true })
    for (const call of everyCall(gateway, charge))
      await expect(call()).rejects.toMatchObject({ ...unavailable, details: { reason: 'status_503' } })
    expect((await tester.act(charge.reference, 'pay')).status).toBe(200)
    await settledSoon(100)
    expect(receiver.received).toEqual([])
    await tester.behave({ outage: false })
    expect(await gateway.findCharge(charge.chargeId)).toMatchObject({ status: 'paid' })
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1), until)
  })

  it('without any answer ends at the timeout', async () => {
    const { simulator, tester } = await start({ behaviour: { outage: 'hang' } })
    const gateway = gatewayAt(simulator.url, { timeoutMs: 100 })
    for (const call of everyCall(gateway, newCharge()))
      await expect(call()).rejects.toMatchObject({ ...unavailable, details: { reason: 'timeout' } })
    const patient = gatewayAt(simulator.url).findCharge(randomUUID())
    await settledSoon(50)
    await tester.behave({ outage: false })
    expect(await patient).toBeNull()
  })

  it('is also when nobody listens, or an answer makes no sense', async () => {
    for (const call of everyCall(gatewayAt('http://127.0.0.1:1'), newCharge()))
      await expect(call()).rejects.toMatchObject({ ...unavailable, details: { reason: 'unreachable' } })
    const stranger = await startReceiver()
    for (const call of everyCall(gatewayAt(stranger.url), newCharge()).slice(0, 3))
      await expect(call()).rejects.toMatchObject({ ...unavailable, details: { reason: 'answer_malformed' } })
    const nowhere = await startReceiver([404])
    await expect(gatewayAt(nowhere.url).findCharge(randomUUID())).rejects.toMatchObject({ code: 'gateway.refused' })
  })
})

describe('a command', () => {
  it('without the right signature is refused and changes nothing', async () => {
    const { simulator, tester, gateway } = await start()
    const stranger = gatewayAt(simulator.url, { secret: 'another-secret-altogether' })
    const charge = newCharge()
    await expect(stranger.createCharge(charge)).rejects.toMatchObject({
      code: 'gateway.refused',
      details: { reason: 'signature.invalid' },
    })
    expect(await gateway.findCharge(charge.chargeId)).toBeNull()
    expect(await tester.ask('POST', '/charges', charge.chargeId)).toMatchObject({ status: 401 })
    await gateway.createCharge(charge)
    await expect(stranger.cancelCharge(charge.chargeId)).rejects.toMatchObject({ code: 'gateway.refused' })
    expect(await gateway.findCharge(charge.chargeId)).toMatchObject({ status: 'open' })
  })

  it('signed for one charge cannot be sent to another', async () => {
    const { simulator, gateway } = await start()
    const [mine, other] = [newCharge(), newCharge()]
    await gateway.createCharge(mine)
    await gateway.createCharge(other)
    const body = JSON.stringify({ chargeId: mine.chargeId })
    const headers = { [signatureHeader]: sign(secret, new Date(), body) }
    const url = `${simulator.url}/charges/by-id/${other.chargeId}/cancel`
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(400)
    expect(await gateway.findCharge(other.chargeId)).toMatchObject({ status: 'open' })
  })

  it.each([
    ['chargeId', { chargeId: '' }],
    ['chargeId', { chargeId: 'c-1 ' }],
    ['chargeId', { chargeId: 'c\0' }],
    ['reference', { reference: 'x'.repeat(201) }],
    ['reference', { reference: 'x\u0007' }],
    ['method', { method: 'm'.repeat(41) }],
    ['amount.currency', { amount: { minor: '5', currency: 'ELEVENCHARS' } }],
    ['amount.minor', { amount: { minor: '0', currency: 'IDR' } }],
    ['amount.minor', { amount: { minor: 5, currency: 'IDR' } }],
    ['amount.currency', { amount: { minor: '5' } }],
    ['expiresAt', { expiresAt: 'soon' }],
    ['surprise', { surprise: true }],
  ])('to charge with a bad %s gets a 400 that names it: %j', async (field, flaw) => {
    const { simulator } = await start()
    const sound = { ...newCharge(), amount: { minor: '5', currency: 'IDR' } }
    const body = JSON.stringify({ ...sound, ...flaw })
    const headers = { [signatureHeader]: sign(secret, new Date(), body) }
    const response = await fetch(`${simulator.url}/charges`, { method: 'POST', headers, body })
    expect(response.status).toBe(400)
    const { error } = (await response.json()) as { error: { issues: { field: string; rule: string }[] } }
    expect(error.issues).toEqual([{ field, rule: expect.stringMatching(/./) }])
  })
})

describe("a tester's body", () => {
  it.each([
    ['amountMinor', { amountMinor: '-5' }],
    ['amountMinor', { amountMinor: 0 }],
    ['amountMinor', { amountMinor: 1.5 }],
    ['amountMinor', { amountMinor: true }],
    ['currency', { currency: 7 }],
    ['currency', { currency: 'ELEVENCHARS' }],
    ['currency', { currency: 'ID\0' }],
    ['paidAt', { paidAt: 'yesterday' }],
    ['deliver', { deliver: 'thrice' }],
    ['delayMs', { delayMs: -1 }],
    ['amount', { amount: 5 }],
    ['', []],
  ])('with a bad %s gets a 400 that names it: %j', async (field, body) => {
    const { gateway, tester } = await start()
    const charge = newCharge()
    await gateway.createCharge(charge)
    const refused = await tester.act(charge.reference, 'pay', body)
    expect(refused).toMatchObject({ status: 400, body: { error: { code: 'body.invalid' } } })
    expect(refused.body.error.issues).toEqual([{ field, rule: expect.stringMatching(/./) }])
    expect(refused.body.error.message).toContain(field)
    expect(await gateway.findCharge(charge.chargeId)).toMatchObject({ payments: [] })
  })

  it('that is no JSON, or too large, is refused', async () => {
    const { gateway, tester, simulator } = await start({ bodyMaxBytes: 1000 })
    const charge = newCharge()
    await gateway.createCharge(charge)
    expect(await tester.act(charge.reference, 'pay', '{"amountMinor":')).toMatchObject({ status: 400 })
    const large = await fetch(`${simulator.url}/charges/x/pay`, { method: 'POST', body: ' '.repeat(1001) })
    expect(large.status).toBe(413)
    const stream = new Blob([' '.repeat(1001)]).stream()
    const chunked = { method: 'POST', body: stream, duplex: 'half' } as RequestInit
    expect((await fetch(`${simulator.url}/charges/x/pay`, chunked)).status).toBe(413)
  })

  it.each([
    ['lossRate', { lossRate: 1.1 }],
    ['delayMs', { delayMs: '5' }],
    ['outage', { outage: 'maybe' }],
    ['autoPayAfterMs', { autoPayAfterMs: -1 }],
    ['lossrate', { lossrate: 1 }],
  ])('for the behaviour with a bad %s changes nothing', async (field, patch) => {
    const { tester } = await start()
    const before = (await tester.ask('GET', '/behaviour')).body
    expect(await tester.behave({ duplicateRate: 1, ...patch })).toMatchObject({
      status: 400,
      body: { error: { issues: [{ field }] } },
    })
    expect((await tester.ask('GET', '/behaviour')).body).toEqual(before)
  })
})

describe('a burst', () => {
  it('of 1,000 payments is taken in about a second and delivered whole, over few connections', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'xm-simulator-'))
    const { simulator, tester, receiver } = await start({ stateFile: join(folder, 'state.jsonl') })
    const gateway = gatewayAt(simulator.url, { timeoutMs: 15_000 })
    const charges = Array.from({ length: 1000 }, () => newCharge())
    await Promise.all(charges.map((charge) => gateway.createCharge(charge)))
    const before = performance.now()
    const answers = await Promise.all(charges.map(({ reference }) => tester.act(reference, 'pay')))
    const paidMs = performance.now() - before
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1000), until)
    const deliveredMs = performance.now() - before
    console.log(`1,000 payments: taken in ${Math.round(paidMs)} ms, delivered in ${Math.round(deliveredMs)} ms`)
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    const told = receiver.received.map((one) => read(gateway, one).report.chargeId)
    expect(new Set(told)).toEqual(new Set(charges.map(({ chargeId }) => chargeId)))
    expect(receiver.connections()).toBeLessThanOrEqual(32)
    expect(deliveredMs).toBeLessThan(8000)
    await rm(folder, { recursive: true })
  })

  it('beyond the bound of the queue drops notices, says so, and loses no payment', async () => {
    const { gateway, tester } = await start({ deliveriesWaitingMax: 2, behaviour: { delayMs: 60_000 } })
    const charge = newCharge()
    await gateway.createCharge(charge)
    for (let i = 0; i < 4; i++) await tester.act(charge.reference, 'pay')
    expect((await tester.deliveries()).map(({ outcome }) => outcome)).toEqual(['dropped', 'dropped'])
    expect((await gateway.findCharge(charge.chargeId))?.payments).toHaveLength(4)
  })
})

describe('the state file', () => {
  async function folder() {
    const path = await mkdtemp(join(tmpdir(), 'xm-simulator-'))
    opened({ [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) })
    return path
  }

  it('keeps every charge and movement across restarts, in order', async () => {
    const stateFile = join(await folder(), 'deeper', 'state.jsonl')
    const [paid, refunded, unpaid] = [newCharge(), newCharge(), newCharge()]
    const reused = newCharge({ reference: paid.reference })
    const first = await start({ stateFile })
    for (const charge of [paid, refunded, unpaid, reused]) await first.gateway.createCharge(charge)
    await first.tester.act(reused.reference, 'pay', { deliver: 'never' })
    const { body } = await first.tester.act(refunded.reference, 'pay', { deliver: 'never' })
    const refund = {
      refundId: randomUUID(),
      chargeId: refunded.chargeId,
      transactionId: body.charge.payments[0].transactionId,
      amount: money(1000n, 'IDR'),
    }
    await first.gateway.refundPayment(refund)
    await first.tester.act(refunded.reference, 'reverse', { deliver: 'never' })
    const before = await Promise.all(
      [paid, refunded, unpaid, reused].map(({ chargeId }) => first.gateway.findCharge(chargeId)),
    )
    await first.simulator[Symbol.asyncDispose]()

    const second = await start({ stateFile })
    const after = await Promise.all(
      [paid, refunded, unpaid, reused].map(({ chargeId }) => second.gateway.findCharge(chargeId)),
    )
    expect(after).toEqual(before)
    expect(after[3]).toMatchObject({ status: 'paid' })
    expect((await second.tester.look(paid.reference)).body.chargeId).toBe(reused.chargeId)
    await second.gateway.refundPayment(refund)
    await second.gateway.createCharge(unpaid)
    expect((await second.tester.ask('GET', '/healthz')).body.charges).toBe(4)
  })

  it('has what was answered when the process dies without a word, even in the middle of a line', async () => {
    const stateFile = join(await folder(), 'state.jsonl')
    const first = await start({ stateFile })
    const charge = newCharge()
    await first.gateway.createCharge(charge)
    await first.tester.act(charge.reference, 'pay', { deliver: 'never' })
    const asCrashed = `${stateFile}.crashed`
    await appendFile(asCrashed, await readFile(stateFile))
    await appendFile(asCrashed, '{"chargeId":"half a li')
    const second = await start({ stateFile: asCrashed })
    expect(await second.gateway.findCharge(charge.chargeId)).toMatchObject({ status: 'paid' })
    expect((await readFile(asCrashed, 'utf8')).split('\n')).toHaveLength(3)
  })

  it('is replaced when it has grown, and leaves no temporary file', async () => {
    const path = await folder()
    const stateFile = join(path, 'state.jsonl')
    const { gateway, tester } = await start({ stateFile, stateReplaceAfterBytes: 2000 })
    const charge = newCharge()
    await gateway.createCharge(charge)
    for (let i = 0; i < 50; i++) await tester.act(charge.reference, 'processing', { deliver: 'never' })
    expect((await readFile(stateFile)).byteLength).toBeLessThan(4000)
    expect(await readdir(path)).toEqual(['state.jsonl'])
    await tester.act(charge.reference, 'pay', { deliver: 'never' })
    const second = await start({ stateFile })
    expect(await second.gateway.findCharge(charge.chargeId)).toMatchObject({ status: 'paid' })
  })

  it('of another kind or damaged in the middle stops the start and stays as it is', async () => {
    const path = await folder()
    const other = join(path, 'other.jsonl')
    const damaged = join(path, 'damaged.jsonl')
    await appendFile(other, '{"version":2}\n')
    await appendFile(damaged, '{"version":1}\nnot a charge\n{}\n')
    await expect(start({ stateFile: other })).rejects.toThrow('version 2')
    await expect(start({ stateFile: damaged })).rejects.toThrow('line 2')
    expect(await readFile(damaged, 'utf8')).toBe('{"version":1}\nnot a charge\n{}\n')
  })

  it('is not touched by a second simulator that finds the port taken', async () => {
    const stateFile = join(await folder(), 'state.jsonl')
    const { simulator, gateway, tester } = await start({ stateFile })
    await expect(start({ stateFile, port: simulator.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const charge = newCharge()
    await gateway.createCharge(charge)
    await tester.act(charge.reference, 'pay', { deliver: 'never' })
    const second = await start({ stateFile })
    expect(await second.gateway.findCharge(charge.chargeId)).toMatchObject({ status: 'paid' })
  })
})

describe('the methods', () => {
  const gateway = gatewayAt('http://unused.invalid')

  it('are what the simulator can collect', () => {
    expect(gateway.methods.map(({ method, kind, currency }) => [method, kind, currency])).toEqual([
      ['bank_transfer', 'virtual_account', 'IDR'],
      ['qr', 'qr', 'IDR'],
      ['usdt', 'crypto_address', 'USDT'],
      ['bank_transfer_usd', 'virtual_account', 'USD'],
    ])
    for (const method of gateway.methods) expect(method).toMatchObject({ gateway: 'simulator', ttlMs: 900_000 })
  })

  it.each([
    ['bank_transfer', /^8808\d{19}$/],
    ['bank_transfer_usd', /^4417\d{19}$/],
    ['qr', /^000201010211[\w.]+6304[0-9A-F]{4}$/],
    ['usdt', /^T[1-9A-HJ-NP-Za-km-z]{33}$/],
  ])('%s has references of its kind, each another', (method, pattern) => {
    const references = Array.from({ length: 1000 }, () => gateway.issueReference(method))
    for (const reference of references) expect(reference).toMatch(pattern)
    expect(new Set(references).size).toBe(1000)
  })

  it('are all there are', () => {
    expect(() => gateway.issueReference('toString')).toThrow('no method')
  })
})
