import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { backends } from '../support/backends.ts'
import { openProduct, type Product } from '../support/product.ts'
import { recordLog } from '../support/recorded-log.ts'

const [embedded] = backends
const recorded = recordLog()
let product: Product

beforeAll(async () => {
  product = await openProduct(embedded!, { REQUEST_TIMEOUT_MS: '1000' }, { log: recorded.log })
})
afterAll(async () => {
  await product[Symbol.asyncDispose]()
})

function open(url = product.app.url): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  return socket
}

/** Sends the bytes as they are, and reads the answer until the server ends the connection. */
async function send(raw: string, url?: string) {
  const socket = open(url)
  socket.write(raw, 'latin1')
  const answer = await text(socket)
  const [head = '', body = ''] = answer.split('\r\n\r\n', 2)
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
    }),
  )
  return { status: Number(statusLine.split(' ')[1]), headers, body }
}

async function figure(name: string, url = product.app.url): Promise<number> {
  const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n')
  return Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? 0)
}

const close = 'Connection: close\r\n\r\n'
const withBody = 'Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}'

describe('a request that reaches no route', () => {
  it.each([
    ['a Host that is none', `GET /nope HTTP/1.1\r\nHost: a b^<>\r\n${close}`, 400],
    ['no Host', `GET /trpc/system.info HTTP/1.1\r\n${close}`, 400],
    ['another scheme', `GET ftp://x/trpc/system.info HTTP/1.1\r\nHost: x\r\n${close}`, 400],
    ['no path', `OPTIONS * HTTP/1.1\r\nHost: x\r\n${close}`, 400],
    ['CONNECT', `CONNECT x:443 HTTP/1.1\r\nHost: x\r\n${close}`, 400],
    ['no HTTP', 'hello\r\n\r\n', 400],
    [
      'two lengths',
      `POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['an expectation', `POST /nope HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\n${withBody}`, 417],
    ['too long a header', `GET /nope HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n${close}`, 431],
    ['a header that never ends', 'GET /nope HTTP/1.1\r\nHost: x\r\nX: ', 408],
  ])('has an answer like any other: %s', async (_what, raw, status) => {
    const counted = () => figure(`xm_http_request_seconds_count{route="other",status="${status}"}`)
    const before = await counted()
    const answer = await send(raw)
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' })
    const body = JSON.parse(answer.body)
    expect(body).toMatchObject({ code: expect.stringMatching(/^request\./), requestId: answer.headers['x-request-id'] })
    expect(body.requestId).toMatch(/./)
    expect(await counted()).toBe(before + 1)
  })

  it('has one also when only its body is broken', async () => {
    const answer = await send(
      'POST /trpc/auth.login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n',
    )
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, 'request.malformed'])
    expect(answer.headers['x-request-id']).toMatch(/./)
  })

  it('is timed out soon after its time, not at the next half minute', async () => {
    const socket = open()
    socket.write('GET /trpc/system.info HTTP/1.1\r\nHost: x\r\nX: ')
    const startedAtMs = performance.now()
    const trickle = setInterval(() => socket.write('a'), 200)
    socket.resume()
    await once(socket, 'close')
    clearInterval(trickle)
    expect(performance.now() - startedAtMs).toBeLessThan(5_000)
  })
})

describe('a method that is never used', () => {
  it.each(['TRACE', 'PROPFIND', 'PUT', 'DELETE', 'CONNECT'])('%s is refused, and is no bug of ours', async (method) => {
    const lines = recorded.lines().length
    for (const path of ['/trpc/system.info', '/webhooks/simulator']) {
      const answer = await send(`${method} ${path} HTTP/1.1\r\nHost: x\r\n${withBody}`)
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, POST, OPTIONS'])
      const body = JSON.parse(answer.body)
      const { code, requestId } = path.startsWith('/trpc') ? body.error.data.xm : body
      expect([code, requestId]).toEqual(['request.malformed', answer.headers['x-request-id']])
    }
    expect(recorded.lines().slice(lines)).toEqual([])
  })
})

describe('a wish for another protocol', () => {
  const h2c = 'Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'
  const webSocket =
    'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  it.each([
    ['h2c for a call', `GET /trpc/system.info HTTP/1.1\r\n${h2c}\r\n`, 200],
    ['h2c for a webhook', `POST /webhooks/simulator HTTP/1.1\r\n${h2c}Content-Length: 2\r\n\r\n{}`, 401],
    ['h2c elsewhere', `GET /nope HTTP/1.1\r\n${h2c}\r\n`, 404],
    ['a WebSocket for a call', `GET /trpc/system.info HTTP/1.1\r\n${webSocket}\r\n`, 200],
  ])('is ignored: %s', async (_what, raw, status) => {
    const startedAtMs = performance.now()
    const answer = await send(raw)
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({ connection: 'close', 'x-request-id': expect.stringMatching(/./) })
    expect(performance.now() - startedAtMs).toBeLessThan(900)
  })

  it.each([
    ['an unknown connection', `/socket.io/?EIO=4&transport=websocket&sid=x`],
    ['another protocol version', '/socket.io/?EIO=3&transport=websocket'],
    ['an unknown transport', '/socket.io/?EIO=4&transport=pigeon'],
  ])('that the gateway refuses tells its request id: %s', async (_what, path) => {
    for (const headers of [webSocket, `Host: x\r\nConnection: close\r\n`]) {
      const answer = await send(`GET ${path} HTTP/1.1\r\n${headers}\r\n`)
      expect(answer.status).toBe(400)
      expect(answer.headers['x-request-id']).toMatch(/./)
    }
  })
})

describe('what comes from one address', () => {
  it.each(['/readyz', '/nope', '/metrics', '/socket.io/?EIO=4&transport=polling&sid=x'])(
    'is counted, also at %s',
    async (path) => {
      await using limited = await openProduct(embedded!, { REQUESTS_PER_MINUTE_PER_ADDRESS: '3' })
      const { url } = limited.app
      for (let i = 0; i < 3; i++) expect((await fetch(`${url}${path}`)).status).not.toBe(429)
      const refused = await fetch(`${url}${path}`)
      expect(refused.status).toBe(429)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await refused.json()).toMatchObject({
        code: 'rate.limited',
        requestId: refused.headers.get('x-request-id'),
      })
      expect((await fetch(`${url}/healthz`)).status).toBe(200)
      const upgrade = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
      const socket = await send(
        `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n${upgrade}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
        url,
      )
      expect([socket.status, Number(socket.headers['retry-after']) > 0]).toEqual([429, true])
    },
  )

  it('is counted by the peer where the proxy passes on what is no address', async () => {
    await using limited = await openProduct(embedded!, { REQUESTS_PER_MINUTE_PER_ADDRESS: '2', TRUST_PROXY: 'true' })
    const from = async (address: string) =>
      (await fetch(`${limited.app.url}/trpc/system.info`, { headers: { 'x-forwarded-for': address } })).status
    expect([await from('<script>\x85'), await from('1.2.3.4.5'), await from('unknown')]).toEqual([200, 200, 429])
    expect([await from('192.0.2.1:5000'), await from('192.0.2.1'), await from('x, 192.0.2.1')]).toEqual([200, 200, 429])
    expect(await from('[2001:db8::1]:443')).toBe(200)
  })

  it('is dropped above so many connections, which is counted', async () => {
    await using small = await openProduct(embedded!, { CONNECTIONS_MAX: '10' })
    const { url } = small.app
    const sockets = Array.from({ length: 14 }, () => open(url))
    let ended = 0
    for (const socket of sockets) socket.resume().on('close', () => ended++)
    await vi.waitFor(() => expect(ended).toBeGreaterThanOrEqual(4), { timeout: 5_000 })
    for (const socket of sockets) socket.destroy()
    await vi.waitFor(async () => expect(await figure('xm_connections_dropped_total', url)).toBeGreaterThanOrEqual(4))
  })
})

describe('an answer', () => {
  it.each(['/healthz', '/readyz', '/nope', '/trpc/nope', '/webhooks/nobody'])('is never kept: %s', async (path) => {
    expect((await fetch(`${product.app.url}${path}`)).headers.get('cache-control')).toBe('no-store')
  })

  it('of the gateway tells its request id', async () => {
    const polled = await fetch(`${product.app.url}/socket.io/?EIO=4&transport=polling`)
    expect([polled.status, polled.headers.get('x-request-id')]).toEqual([200, expect.stringMatching(/./)])
  })
})
