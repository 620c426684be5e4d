import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sign, signatureHeader } from '../../src/payments/adapters/provider/simulator/signing.ts'
import { backends } from '../support/backends.ts'
import { openProduct, type Product, roomyEnv } from '../support/product.ts'
import { recordLog } from '../support/recorded-log.ts'

const [embedded] = backends
const bodyMaxBytes = 4096
const callHeaders = {
  'content-type': 'application/json',
  accept: 'application/jsonl',
  'trpc-accept': 'application/jsonl',
}

let product: Product
const recorded = recordLog()

beforeAll(async () => {
  const limits = { BODY_MAX_BYTES: String(bodyMaxBytes), WEBHOOK_BODY_MAX_BYTES: String(bodyMaxBytes) }
  product = await openProduct(embedded!, limits, { log: recorded.log })
})
afterAll(async () => {
  await product[Symbol.asyncDispose]()
})

interface Sent {
  readonly method?: string
  readonly path: string
  readonly headers?: Record<string, string>
  /** Sent one by one, without telling the length beforehand. */
  readonly parts?: readonly string[]
}

async function send({ method = 'POST', path, headers = {}, parts = [] }: Sent) {
  const outgoing = request(`${product.app.url}${path}`, { method, headers })
  if (parts.length > 0) outgoing.setHeader('transfer-encoding', 'chunked')
  for (const part of parts) outgoing.write(part)
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  outgoing.end()
  const [response] = await answered
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

describe('a body whose length is not told beforehand', () => {
  it('is a webhook like any other when it is signed', async () => {
    const notice = {
      eventId: randomUUID(),
      chargeId: randomUUID(),
      reference: '8808123',
      status: 'paid',
      payments: [],
      takebacks: [],
      sentAt: new Date().toISOString(),
    }
    const body = JSON.stringify(notice)
    const headers = {
      'content-type': 'application/json',
      [signatureHeader]: sign(roomyEnv.SIMULATOR_SECRET, new Date(), body),
    }
    const parts = [body.slice(0, 40), body.slice(40)]
    const answers = [
      await send({ path: '/webhooks/simulator', headers, parts }),
      await send({ path: '/webhooks/simulator', headers, parts }),
    ]
    expect(answers.map(({ status, body: answer }) => [status, JSON.parse(answer)])).toEqual([
      [200, { received: true, duplicate: false }],
      [200, { received: true, duplicate: true }],
    ])
    const forged = await send({ path: '/webhooks/simulator', headers, parts: [...parts, ' '] })
    expect(forged.status).toBe(401)
  })

  it.each([
    ['a webhook', '/webhooks/simulator', {}],
    ['a call', '/trpc/auth.login', { 'content-type': 'application/json' }],
    ['a streamed batch', '/trpc/auth.login?batch=1', callHeaders],
  ])('is refused in %s as soon as it is too large', async (_what, path, headers) => {
    const answer = await send({ path, headers, parts: Array(5).fill('x'.repeat(1000)) })
    expect(answer.status).toBe(413)
    expect(answer.body).toContain('request.too_large')
    expect(answer.headers.connection).toBe('close')
  })

  it('is a streamed batch like any other', async () => {
    const input = JSON.stringify({ 0: { login: 'nobody@example.com', password: 'a phrase for tests' } })
    const parts = [input.slice(0, 9), input.slice(9)]
    const answer = await send({ path: '/trpc/auth.login?batch=1', headers: callHeaders, parts })
    expect(answer.status).toBe(200)
    expect(answer.body).toContain('auth.invalid_credentials')
  })
})

describe('a request without a body', () => {
  it.each([
    ['OPTIONS', '/nothing/here', 404],
    ['DELETE', '/nothing/here', 404],
    ['PATCH', '/webhooks/simulator', 405],
    ['POST', '/webhooks/simulator', 401],
    ['DELETE', '/trpc/system.info', 405],
    ['OPTIONS', '/trpc/system.info', 415],
  ])('%s %s is answered with %i', async (method, path, status) => {
    expect((await send({ method, path })).status).toBe(status)
  })
})

describe('an error that comes before any call is begun', () => {
  const batch = `/trpc/${Array(60).fill('auth.me').join()}?batch=1`
  it.each([
    [
      'another content type',
      415,
      { path: '/trpc/auth.login', headers: { 'content-type': 'text/plain' }, parts: ['x'] },
    ],
    ['too many calls', 400, { path: batch, method: 'GET', headers: callHeaders }],
    ['a URL that cannot be decoded', 400, { path: '/trpc/%E0%A4%A?batch=1', method: 'GET', headers: callHeaders }],
  ])('tells its request id: %s', async (_what, status, sent) => {
    const answer = await send(sent)
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toBe('application/json')
    const requestId = answer.headers['x-request-id']
    expect(JSON.parse(answer.body).error.data.xm).toMatchObject({ code: 'request.malformed', requestId })
    expect(requestId).toMatch(/./)
  })
})

describe('an upload that is cut off', () => {
  it.each([
    ['webhooks', '/webhooks/simulator', ''],
    ['trpc', '/trpc/auth.login', ''],
    ['trpc', '/trpc/auth.login?batch=1', 'Accept: application/jsonl\r\nTrpc-Accept: application/jsonl\r\n'],
  ])('counts as malformed, not as a bug of ours: %s %s', async (route, path, more) => {
    const refused = () => figure(`xm_http_request_seconds_count{route="${route}",status="400"}`)
    const [refusedBefore, linesBefore] = [await refused(), recorded.lines().length]
    const socket = connect(Number(new URL(product.app.url).port), '127.0.0.1')
    await once(socket, 'connect')
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${more}`
    socket.write(`${head}Content-Length: 900\r\n\r\n{"half":`, () => setTimeout(() => socket.resetAndDestroy(), 50))
    await expect.poll(refused, { timeout: 5000 }).toBe(refusedBefore + 1)
    expect(await figure('xm_procedure_errors_total{code="internal"}')).toBe(0)
    expect(recorded.lines().slice(linesBefore)).toEqual([])
  })
})

/** A figure as /metrics tells it; 0 before it is first counted. */
async function figure(name: string): Promise<number> {
  const { body } = await send({ method: 'GET', path: '/metrics' })
  const line = body.split('\n').find((candidate) => candidate.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1) ?? 0)
}
