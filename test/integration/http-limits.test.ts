import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { createApp } from '../../src/main/app.ts'
import { readConfig } from '../../src/platform/config.ts'
import { backends } from '../support/backends.ts'
import { migrateSchema, openProduct, roomyEnv } from '../support/product.ts'
import { refusalOf, signUp } from '../support/sdk.ts'

const [embedded] = backends
const get = (url: string, path: string, headers: Record<string, string> = {}) => fetch(`${url}${path}`, { headers })

describe('too many calls', () => {
  it('from one address are refused for a while, which the answer tells', async () => {
    await using product = await openProduct(embedded!, { REQUESTS_PER_MINUTE_PER_ADDRESS: '3' })
    const { url } = product.app
    for (let i = 0; i < 3; i++) expect((await get(url, '/trpc/system.info')).status).toBe(200)
    for (const headers of [{}, { 'trpc-accept': 'application/jsonl' }]) {
      const refused = await get(url, '/trpc/system.info', headers)
      expect(refused.status).toBe(429)
      const { error } = (await refused.json()) as {
        error: { data: { xm: { code: string; details: { retryAfterMs: number } } } }
      }
      const { code, details } = error.data.xm
      expect(code).toBe('rate.limited')
      expect(details.retryAfterMs).toBeGreaterThan(50_000)
      expect(Number(refused.headers.get('retry-after'))).toBe(Math.ceil(details.retryAfterMs / 1000))
    }
    expect((await get(url, '/healthz')).status).toBe(200)
  })

  it('count one by one, though they come in one batch', async () => {
    await using product = await openProduct(embedded!, { REQUESTS_PER_MINUTE_PER_ADDRESS: '10' })
    const batch = `/trpc/${Array(5).fill('system.info').join()}?batch=1&input={}`
    for (const accept of ['application/json', 'application/jsonl'])
      expect((await get(product.app.url, batch, { accept })).status).toBe(200)
    expect((await get(product.app.url, '/trpc/system.info')).status).toBe(429)
  })

  it('count together from one /64 of IPv6, whose addresses cost nothing', async () => {
    await using product = await openProduct(embedded!, { REQUESTS_PER_MINUTE_PER_ADDRESS: '2', TRUST_PROXY: 'true' })
    const from = async (address: string) =>
      (await get(product.app.url, '/trpc/system.info', { 'x-forwarded-for': address })).status
    expect(await from('2001:db8:1:2::1')).toBe(200)
    expect(await from('2001:db8:1:2:ffff::7')).toBe(200)
    expect(await from('2001:db8:1:2:abcd:1:2:3')).toBe(429)
    expect(await from('2001:db8:1:3::1')).toBe(200)
  })

  it('of one account are refused, wherever they come from', async () => {
    await using product = await openProduct(embedded!, { REQUESTS_PER_MINUTE_PER_ACTOR: '2' })
    const { client } = await signUp(product.app.url)
    await client.auth.me.query()
    await client.wallet.balances.query()
    const refusal = await refusalOf(client.auth.me.query())
    expect(refusal).toMatchObject({ code: 'rate.limited', status: 429 })
    expect(refusal.retryAfterMs).toBeGreaterThan(0)
    const other = await signUp(product.app.url)
    await expect(other.client.auth.me.query()).resolves.toBeDefined()
  })

  it('of webhooks are refused', async () => {
    await using product = await openProduct(embedded!, { WEBHOOKS_PER_MINUTE_PER_ADDRESS: '1' })
    const send = () => fetch(`${product.app.url}/webhooks/simulator`, { method: 'POST', body: '{}' })
    expect((await send()).status).toBe(401)
    const refused = await send()
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

describe('while the start is not over', () => {
  it('calls and webhooks are told to come again, and the node is alive but not ready', async () => {
    await using data = await embedded!.open()
    const seen: unknown[] = []
    const { SIMULATOR_SECRET: _made, ...env } = { ...roomyEnv, ...data.env }
    await using app = await createApp(readConfig(env), {
      async startSimulator(webhookUrl, secret) {
        const { origin } = new URL(webhookUrl)
        for (const path of ['/healthz', '/readyz', '/trpc/system.info', '/webhooks/simulator']) {
          const init = path.startsWith('/webhooks') ? { method: 'POST', body: '{}' } : {}
          const answer = await fetch(`${origin}${path}`, init)
          seen.push([path, answer.status, answer.headers.get('retry-after')])
        }
        expect(secret.length).toBeGreaterThan(40)
        return { url: 'http://127.0.0.1:9', [Symbol.asyncDispose]: async () => {} }
      },
    })
    expect(seen).toEqual([
      ['/healthz', 200, null],
      ['/readyz', 503, null],
      ['/trpc/system.info', 503, '1'],
      ['/webhooks/simulator', 503, '1'],
    ])
    expect((await get(app.url, '/readyz')).status).toBe(200)
    expect((await get(app.url, '/trpc/system.info')).status).toBe(200)
  })
})

describe('figures', () => {
  it('are for nobody behind a proxy, which makes every address a claim', async () => {
    await using product = await openProduct(embedded!, { TRUST_PROXY: 'true' })
    for (const headers of [{}, { 'x-forwarded-for': '127.0.0.1' }, { 'x-forwarded-for': '203.0.113.9' }]) {
      const refused = await get(product.app.url, '/metrics', headers)
      expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([401, 'auth.required'])
    }
  })

  it('take no forwarded address for granted without a proxy', async () => {
    await using product = await openProduct(embedded!)
    expect((await get(product.app.url, '/metrics', { 'x-forwarded-for': '203.0.113.9' })).status).toBe(200)
  })

  it('are for who has the token, where there is one', async () => {
    await using product = await openProduct(embedded!, { METRICS_TOKEN: 'a token of sixteen or more' })
    const { url } = product.app
    expect((await get(url, '/metrics')).status).toBe(401)
    expect((await get(url, '/metrics', { authorization: 'Bearer a token of sixteen or mor' })).status).toBe(401)
    expect((await get(url, '/metrics', { authorization: 'Bearer a token of sixteen or more' })).status).toBe(200)
  })
})

const server = backends.find(({ name }) => name !== 'embedded')

describe.runIf(server !== undefined)('while the database is away', () => {
  it('a node is alive and not ready, calls are told so, and it recovers by itself', async () => {
    await using data = await server!.open()
    await migrateSchema({ ...roomyEnv, ...data.env })
    const direct = new URL(data.env.MYSQL_URL!)
    await using proxy = await openProxy(Number(direct.port))
    direct.port = String(proxy.port)
    const env = { ...roomyEnv, ...data.env, MYSQL_URL: direct.href, SIMULATOR_URL: 'http://127.0.0.1:9' }
    await using app = await createApp(readConfig(env))
    expect((await get(app.url, '/readyz')).status).toBe(200)
    const { client } = await signUp(app.url)

    proxy.close()
    const ready = await get(app.url, '/readyz')
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({ ready: false, reason: 'the database does not answer' })
    expect((await get(app.url, '/healthz')).status).toBe(200)
    expect(await refusalOf(client.wallet.balances.query())).toMatchObject({
      code: 'service.unavailable',
      status: 503,
      details: { part: 'database' },
    })

    await proxy.open()
    await vi.waitFor(async () => expect((await get(app.url, '/readyz')).status).toBe(200), {
      timeout: 15_000,
      interval: 100,
    })
    await expect(client.wallet.balances.query()).resolves.toEqual({ balances: [] })
  })
})

/** A way to the database that can be cut. */
async function openProxy(target: number) {
  const sockets = new Set<Socket>()
  const listener = createServer((socket) => {
    const onward = connect(target, '127.0.0.1')
    for (const end of [socket, onward]) {
      sockets.add(end)
      end.on('error', () => {})
      end.on('close', () => {
        sockets.delete(end)
        socket.destroy()
        onward.destroy()
      })
    }
    socket.pipe(onward).pipe(socket)
  })
  const open = async (port: number) => {
    listener.listen(port, '127.0.0.1')
    await once(listener, 'listening')
  }
  const close = () => {
    listener.close()
    for (const socket of sockets) socket.destroy()
  }
  await open(0)
  const { port } = listener.address() as AddressInfo
  return { port, close, open: () => open(port), [Symbol.asyncDispose]: async () => close() }
}
