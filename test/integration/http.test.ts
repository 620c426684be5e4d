import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backends } from '../support/backends.ts'
import { openProduct, type Product } from '../support/product.ts'

const json = { 'content-type': 'application/json' }

describe.each(backends)('$name: over HTTP', (backend) => {
  let product: Product
  let token = ''
  const at = (path: string) => `${product.app.url}${path}`
  const errorOf = async (response: Response) => (await response.json()).error?.data.xm

  beforeAll(async () => {
    product = await openProduct(backend, {
      BODY_MAX_BYTES: '4096',
      BATCH_MAX_CALLS: '3',
      REQUESTS_PER_MINUTE_PER_ACTOR: '60',
    })
    const body = JSON.stringify({ email: 'http@example.com', handle: 'http_user', password: 'correct horse battery' })
    const answer = await fetch(at('/trpc/auth.register'), { method: 'POST', headers: json, body })
    token = (await answer.json()).result.data.session.accessToken
  })
  afterAll(() => product[Symbol.asyncDispose]())

  it.each([
    [
      'malformed JSON',
      '/trpc/auth.login',
      { method: 'POST', headers: json, body: '{"login":' },
      400,
      'request.malformed',
    ],
    ['a query by POST', '/trpc/system.info', { method: 'POST', headers: json, body: '{}' }, 405, 'request.malformed'],
    ['a mutation by GET', '/trpc/auth.logout', {}, 405, 'request.malformed'],
    ['an unknown procedure', '/trpc/nope', {}, 404, 'request.not_found'],
    ['a name of every object', '/trpc/constructor', {}, 404, 'request.not_found'],
    ['no sign-in', '/trpc/auth.me', {}, 401, 'auth.required'],
    ['a made-up token', '/trpc/auth.me', { headers: { authorization: 'Bearer x.y.z' } }, 401, 'auth.token_invalid'],
    [
      'a body over the limit',
      '/trpc/auth.login',
      { method: 'POST', headers: json, body: 'x'.repeat(5000) },
      413,
      'request.too_large',
    ],
    [
      'too many calls in a batch',
      '/trpc/system.info,system.info,system.info,system.info?batch=1',
      {},
      400,
      'request.malformed',
    ],
  ])('refuses %s', async (_what, path, init, status, code) => {
    const response = await fetch(at(path), init)
    expect(response.status).toBe(status)
    const xm = await errorOf(response)
    expect(xm).toMatchObject({ code, requestId: response.headers.get('x-request-id') })
    expect(xm.requestId).not.toBe('')
  })

  it('names the field and the rule of a bad input', async () => {
    const response = await fetch(at(`/trpc/deposits.list?input=${encodeURIComponent('{"limit":101}')}`), {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(await errorOf(response)).toMatchObject({
      code: 'input.invalid',
      details: { issues: [{ field: 'limit', rule: 'too_big' }] },
    })
  })

  it('answers a batch call by call, also as a stream', async () => {
    const headers = { authorization: `Bearer ${token}` }
    const plain = await fetch(at('/trpc/auth.me,nope?batch=1'), { headers })
    expect(plain.status).toBe(207)
    expect(await plain.json()).toMatchObject([{ result: { data: { user: { handle: 'http_user' } } } }, { error: {} }])
    const streamed = await fetch(at('/trpc/auth.me,system.info?batch=1'), {
      headers: { ...headers, 'trpc-accept': 'application/jsonl' },
    })
    const text = await streamed.text()
    expect(text).toContain('http_user')
    expect(text).toContain('bodyMaxBytes')
  })

  it('tells who asks too often when to come back', async () => {
    let limited: Response | undefined
    for (let calls = 0; calls < 80 && limited === undefined; calls++) {
      const response = await fetch(at('/trpc/auth.me'), { headers: { authorization: `Bearer ${token}` } })
      if (response.status === 429) limited = response
      else await response.arrayBuffer()
    }
    expect(Number(limited?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await errorOf(limited!)).toMatchObject({ code: 'rate.limited' })
  })

  it('says whether it lives and can serve, and shows figures to this machine', async () => {
    expect((await fetch(at('/healthz'))).status).toBe(200)
    expect(await (await fetch(at('/readyz'))).json()).toEqual({ ready: true, reason: null, degraded: [] })
    expect(await (await fetch(at('/metrics'))).text()).toContain('xm_http_request_seconds_count{route="trpc"')
    expect((await fetch(at('/nothing/here'))).status).toBe(404)
  })

  it('outlives a client that goes away in the middle of its body', async () => {
    const { hostname, port } = new URL(product.app.url)
    const socket = connect(Number(port), hostname)
    socket.write(
      'POST /trpc/auth.login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"lo',
    )
    await new Promise((resolve) => setTimeout(resolve, 100))
    socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await fetch(at('/healthz'))).status).toBe(200)
  })

  it('masks a bug, and names the request to ask about', async () => {
    await product.app.database.sequelize.getQueryInterface().renameTable('deposits', 'deposits_gone')
    try {
      const node = await product.openNode()
      const body = JSON.stringify({ login: 'http_user', password: 'correct horse battery' })
      const signedIn = await (
        await fetch(`${node.url}/trpc/auth.login`, { method: 'POST', headers: json, body })
      ).json()
      const authorization = `Bearer ${signedIn.result.data.session.accessToken}`
      const response = await fetch(`${node.url}/trpc/deposits.list?input=${encodeURIComponent('{}')}`, {
        headers: { authorization },
      })
      expect(response.status).toBe(500)
      const text = await response.text()
      expect(text).toContain('"code":"internal"')
      expect(text).toContain(response.headers.get('x-request-id'))
      expect(text).not.toMatch(/deposits_gone|SELECT|node_modules|no such table/i)
    } finally {
      await product.app.database.sequelize.getQueryInterface().renameTable('deposits_gone', 'deposits')
    }
  })
})
