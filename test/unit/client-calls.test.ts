import { readFileSync } from 'node:fs'
import { afterEach, expect, expectTypeOf, test, vi } from 'vitest'
import { createClient, isXmError, newIdempotencyKey, version, type XmError } from '#client'
import { errorTable } from '#contract'
import { kindOfStatus, socketKinds } from '../../client-sdk/src/errors.ts'
import { startFixture } from '../support/client-fixture.ts'

afterEach(() => vi.restoreAllMocks())

async function signedIn(options: { timeoutMs?: number; retriesMax?: number } = {}) {
  const server = await startFixture()
  const client = createClient({ url: server.url, ...options })
  await client.auth.login.mutate({ login: 'ana', password: 'correct horse' })
  const triesOf = (path: string) => server.seen.filter((seen) => seen.path === path).length
  return { server, client, triesOf }
}
const money = { minor: '150000', currency: 'IDR' } as const
const transfer = () => ({ to: 'bob', amount: money, idempotencyKey: newIdempotencyKey() })

test('a refusal keeps its code, kind, details, request id and status', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const input = { amount: { ...money, minor: '1' }, method: 'va', idempotencyKey: newIdempotencyKey() }
  const error: unknown = await client.deposits.create.mutate(input).catch((caught: unknown) => caught)
  if (!isXmError(error, 'deposit.amount_out_of_range')) throw error
  expectTypeOf(error).toEqualTypeOf<XmError<'deposit.amount_out_of_range'>>()
  expect(error).toMatchObject({ kind: 'invalid', details: { minMinor: '1000' }, requestId: 'request-1', status: 400 })
  expect(isXmError(error, 'deposit.not_found')).toBe(false)
  expect(isXmError(new Error('no'))).toBe(false)
})

test.each([
  ['a query', 'hang up'],
  ['a query', { code: 'service.unavailable' }],
  ['a query', { code: 'rate.limited', details: { retryAfterMs: 30 } }],
  ['a mutation with a key', 'hang up'],
  ['a mutation with a key', { code: 'gateway.unavailable' }],
] as const)('%s that met %j is tried again', async (what, failure) => {
  const { server, client, triesOf } = await signedIn()
  await using _ = server
  const path = what === 'a query' ? 'wallet.balances' : 'wallet.transfer'
  server.fail(path, failure, failure)
  await (what === 'a query' ? client.wallet.balances.query() : client.wallet.transfer.mutate(transfer()))
  expect(triesOf(path)).toBe(3)
})

test('a mutation without a key is never tried again', async () => {
  const { server, client, triesOf } = await signedIn()
  await using _ = server
  server.fail('deposits.cancel', 'hang up')
  await expect(client.deposits.cancel.mutate({ id: server.uuid(1) })).rejects.toMatchObject({
    code: 'network.unreachable',
    kind: 'network',
    status: null,
  })
  expect(triesOf('deposits.cancel')).toBe(1)
})

test('tries are bounded, and refusals that another try cannot mend are not repeated', async () => {
  const { server, client, triesOf } = await signedIn({ retriesMax: 2 })
  await using _ = server
  server.fail('wallet.balances', ...Array.from({ length: 9 }, () => 'hang up' as const))
  await expect(client.wallet.balances.query()).rejects.toMatchObject({ code: 'network.unreachable' })
  expect(triesOf('wallet.balances')).toBe(3)
  server.fail('wallet.transfer', { code: 'wallet.insufficient_funds' })
  await expect(client.wallet.transfer.mutate(transfer())).rejects.toMatchObject({ kind: 'conflict' })
  server.fail('wallet.transfer', { code: 'rate.limited', details: { retryAfterMs: 3_600_000 } })
  await expect(client.wallet.transfer.mutate(transfer())).rejects.toMatchObject({ retryAfterMs: 3_600_000 })
  expect(triesOf('wallet.transfer')).toBe(2)
})

test('a call ends at its deadline, and when it is given up', async () => {
  const { server, client, triesOf } = await signedIn({ retriesMax: 1 })
  await using _ = server
  server.fail('wallet.balances', { hangMs: 400 }, { hangMs: 400 }, { hangMs: 400 })
  const late = client.wallet.balances.query(undefined, { timeoutMs: 50 })
  await expect(late).rejects.toMatchObject({ code: 'network.timeout' })
  expect(triesOf('wallet.balances')).toBe(2)
  const signal = AbortSignal.timeout(30)
  await expect(client.wallet.balances.query(undefined, { signal })).rejects.toMatchObject({ code: 'network.aborted' })
  await expect(client.wallet.balances.query(undefined, { signal })).rejects.toMatchObject({ code: 'network.aborted' })
  expect(triesOf('wallet.balances')).toBe(3)
})

test('answers of the HTTP layer and of proxies become errors of the client', async () => {
  const { server, client } = await signedIn({ retriesMax: 0 })
  await using _ = server
  const answers = [
    [502, {}, '<html>', { code: 'service.unavailable', kind: 'unavailable' }],
    [429, { 'retry-after': '7' }, '', { code: 'rate.limited', kind: 'rate_limited', retryAfterMs: 7000 }],
    [
      413,
      {},
      '{"code":"request.too_large","requestId":"r"}',
      { code: 'request.too_large', kind: 'invalid', requestId: 'r' },
    ],
    [200, {}, '<html>captive portal', { code: 'internal' }],
  ] as const
  for (const [status, headers, body, error] of answers) {
    server.raw.answer = { status, headers, body }
    await expect(client.auth.me.query()).rejects.toMatchObject({ ...error, status })
  }
  const nowhere = createClient({ url: 'http://127.0.0.1:1', retriesMax: 0 })
  await expect(nowhere.system.info.query()).rejects.toMatchObject({ code: 'network.unreachable' })
})

test('an input that is no JSON fails as the mistake it is', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const amount = { minor: 1n as unknown as string, currency: 'IDR' as const }
  await expect(client.wallet.transfer.mutate({ ...transfer(), amount })).rejects.toThrow(TypeError)
})

test('calls of one tick share a request, up to the batch size', async () => {
  const { server } = await signedIn()
  await using _ = server
  let requests = 0
  const client = createClient({
    url: server.url,
    batchMax: 4,
    fetch: (url, init) => {
      requests += 1
      return fetch(url, init)
    },
  })
  await Promise.all(Array.from({ length: 8 }, () => client.system.info.query()))
  expect(requests).toBe(2)
})

test('pages are asked for one at a time and only as far as the loop goes', async () => {
  const { server, client, triesOf } = await signedIn()
  await using _ = server
  const ids: string[] = []
  for await (const { id } of client.paginate(client.deposits.list, { limit: 10 })) ids.push(id)
  expect(new Set(ids).size).toBe(45)
  expect(triesOf('deposits.list')).toBe(5)
  for await (const item of client.paginate(client.deposits.list, { status: 'pending' })) {
    expectTypeOf(item.amount.minor).toEqualTypeOf<string>()
    break
  }
  expect(triesOf('deposits.list')).toBe(6)
})

test('a list is asked for without naming anything', async () => {
  const { server, client, triesOf } = await signedIn()
  await using _ = server
  const { items } = await client.deposits.list.query()
  expect(items).toHaveLength(20)
  await expect(client.deposits.list.query(undefined, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'network.aborted',
  })
  const ids: string[] = []
  for await (const { id } of client.paginate(client.deposits.list)) ids.push(id)
  expect(ids).toHaveLength(45)
  expect(triesOf('deposits.list')).toBe(4)
})

test('idempotency keys fit the contract and differ', () => {
  const keys = new Set(Array.from({ length: 1000 }, newIdempotencyKey))
  expect(keys.size).toBe(1000)
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/)
})

test('what the client knows by heart agrees with its sources', () => {
  const { version: published } = JSON.parse(readFileSync('client-sdk/package.json', 'utf8'))
  expect(version).toBe(published)
  for (const [code, kind] of Object.entries(socketKinds)) expect(errorTable[code as 'internal'].kind).toBe(kind)
  expect([400, 401, 403, 404, 409, 413, 429, 500, 502, 503].map(kindOfStatus)).toEqual([
    'invalid',
    'unauthenticated',
    'forbidden',
    'not_found',
    'conflict',
    'invalid',
    'rate_limited',
    'internal',
    'unavailable',
    'unavailable',
  ])
})
