import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backends } from '../support/backends.ts'
import { openProduct, type Product } from '../support/product.ts'
import { recordLog } from '../support/recorded-log.ts'

interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: the tests look at whatever came
  readonly body: any
}

async function ask(url: string, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${url}${path}`, init)
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) }
}

const post = (body: string, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body,
})
const json = (value: unknown, headers?: Record<string, string>) => post(JSON.stringify(value), headers)
const xmOf = ({ body }: Answer) => (Array.isArray(body) ? body[0] : body).error?.data.xm
const refusal = (answer: Answer) => [answer.status, xmOf(answer)?.code]
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** The same call on both ways through the server: the short one, and tRPC's own for whatever is out of the ordinary. */
const ways = [
  ['the short way', {}],
  ["tRPC's own way", { accept: 'text/jsonl' }],
] as const

describe.each(backends)('$name', (backend) => {
  let product: Product
  let token: string
  let broken = false
  const recorded = recordLog()
  const url = () => product.app.url

  beforeAll(async () => {
    const databaseHooks = {
      async beforeCommit() {
        if (broken) throw new Error('SELECT secret FROM users: the particulars of a bug')
      },
    }
    const limits = { BATCH_MAX_CALLS: '3', BODY_MAX_BYTES: '4096', WEBHOOK_BODY_MAX_BYTES: '2048' }
    product = await openProduct(backend, limits, { log: recorded.log, databaseHooks })
    const account = { email: 'somebody@example.com', handle: 'somebody', password: 'a phrase for tests' }
    token = (await ask(url(), '/trpc/auth.register', json(account))).body.result.data.session.accessToken
  })
  afterAll(async () => {
    await product[Symbol.asyncDispose]()
  })

  it('masks a bug of ours, and says under which id it was logged', async () => {
    broken = true
    try {
      const account = { email: 'b@example.com', handle: 'bug_finder', password: 'a phrase for tests' }
      const answer = await ask(url(), '/trpc/auth.register', json(account))
      const requestId = answer.headers.get('x-request-id')
      expect(answer.status).toBe(500)
      expect(xmOf(answer)).toEqual({ code: 'internal', details: {}, requestId })
      expect(JSON.stringify(answer.body)).not.toMatch(/secret|particulars|stack|SELECT/)
      const line = recorded.lines().find((logged) => logged.requestId === requestId)
      expect(line).toMatchObject({ path: 'auth.register', err: { message: expect.stringContaining('particulars') } })
      expect(JSON.stringify(line)).not.toContain('a phrase for tests')
    } finally {
      broken = false
    }
  })

  describe.each(ways)('by %s', (_way, headers) => {
    it('refuses a body that is too large', async () => {
      const answer = await ask(url(), '/trpc/auth.login', json({ login: 'x'.repeat(5000), password: 'x' }, headers))
      expect(refusal(answer)).toEqual([413, 'request.too_large'])
      expect(xmOf(answer)?.details).toEqual({ bodyMaxBytes: 4096 })
    })

    it('answers a batch of so many calls, and refuses one more', async () => {
      const batch = (calls: number) =>
        ask(url(), `/trpc/${Array(calls).fill('system.info').join(',')}?batch=1&input={}`, { headers })
      expect((await batch(3)).status).toBe(200)
      expect(refusal(await batch(4))).toEqual([400, 'request.malformed'])
    })

    it.each(['{"login":', 'nonsense', '{"a":1}}'])('refuses the body %j, which is not JSON', async (text) => {
      expect(refusal(await ask(url(), '/trpc/auth.login', post(text, headers)))).toEqual([400, 'request.malformed'])
    })

    it('refuses the wrong method', async () => {
      const answers = await Promise.all([
        ask(url(), '/trpc/auth.login?input={}', { headers }),
        ask(url(), '/trpc/system.info', json({}, headers)),
      ])
      for (const answer of answers) expect(refusal(answer)).toEqual([405, 'request.malformed'])
      const deleted = await ask(url(), '/trpc/system.info', { method: 'DELETE', headers })
      expect(refusal(deleted)).toEqual([405, 'request.malformed'])
      expect(deleted.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS')
    })

    it.each(['nothing.here', 'deposits', 'deposits.constructor', 'toString', '__proto__'])(
      'refuses the procedure %s, which is none',
      async (path) => {
        const answer = await ask(url(), `/trpc/${path}`, { headers })
        expect(refusal(answer)).toEqual([404, 'request.not_found'])
        expect(xmOf(answer).requestId).toBe(answer.headers.get('x-request-id'))
      },
    )

    it('names each field and rule of an input that does not fit', async () => {
      const account = { email: 'x', handle: 'a b', password: 'short' }
      const answer = await ask(url(), '/trpc/auth.register', json(account, headers))
      expect(refusal(answer)).toEqual([400, 'input.invalid'])
      const issues = xmOf(answer).details.issues as { field: string; rule: string }[]
      expect(issues.map(({ field, rule }) => [field, rule])).toEqual([
        ['email', 'invalid_format'],
        ['handle', 'invalid_format'],
        ['password', 'too_small'],
      ])
    })

    it.each([
      [{ limit: 101 }, 'limit', 'too_big'],
      [{ limit: 0 }, 'limit', 'too_small'],
      [{ limit: 1.5 }, 'limit', 'invalid_type'],
      [{ status: 'lost' }, 'status', 'invalid_value'],
    ])('refuses the page %j', async (page, field, rule) => {
      const input = encodeURIComponent(JSON.stringify(page))
      const answer = await ask(url(), `/trpc/deposits.list?input=${input}`, {
        headers: { ...headers, ...bearer(token) },
      })
      expect(xmOf(answer)).toMatchObject({ code: 'input.invalid', details: { issues: [{ field, rule }] } })
    })

    it('refuses a cursor that no list returned', async () => {
      const input = encodeURIComponent(JSON.stringify({ cursor: 'abc' }))
      const answer = await ask(url(), `/trpc/deposits.list?input=${input}`, {
        headers: { ...headers, ...bearer(token) },
      })
      expect(refusal(answer)).toEqual([400, 'page.cursor_invalid'])
    })

    it('tells a missing token from a wrong one', async () => {
      const me = (authorization: Record<string, string>) =>
        ask(url(), '/trpc/auth.me', { headers: { ...headers, ...authorization } })
      expect(refusal(await me({}))).toEqual([401, 'auth.required'])
      expect(refusal(await me(bearer('nonsense')))).toEqual([401, 'auth.token_invalid'])
      expect(refusal(await me({ authorization: 'Basic eA==' }))).toEqual([401, 'auth.token_invalid'])
    })
  })

  it.each([
    ['/nothing/here', 404, 'request.not_found', json({})],
    ['/webhooks/nobody', 404, 'webhook.provider_unknown', json({})],
    ['/webhooks/simulator', 401, 'webhook.signature_invalid', json({ eventId: 'x' })],
    ['/webhooks/simulator', 413, 'request.too_large', post('x'.repeat(3000))],
  ])('answers %s outside of tRPC in plain JSON: %s %s', async (path, status, code, init) => {
    const answer = await ask(url(), path, init)
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(answer.body).toMatchObject({ message: expect.any(String), details: expect.any(Object) })
    expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'))
  })
})
