import { afterEach, expect, test, vi } from 'vitest'
import { createClient, isXmError, memoryStorage, type TokenStorage } from '#client'
import { startFixture, until } from '../support/client-fixture.ts'

const credentials = { login: 'ana', password: 'correct horse' }
const signOuts: string[] = []
afterEach(() => {
  signOuts.length = 0
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function signedIn(options: { storage?: TokenStorage } = {}) {
  const server = await startFixture()
  const client = createClient({ url: server.url, onSignedOut: (reason) => signOuts.push(reason), ...options })
  await client.auth.login.mutate(credentials)
  return { server, client }
}

test('sign-in is remembered and its token travels with later calls, and not with another sign-in', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  expect((await client.auth.me.query()).user.handle).toBe('ana')
  await client.auth.login.mutate({ login: 'totp', password: 'x' })
  await client.auth.completeTotp.mutate({ challenge: 'challenge', code: '123456' })
  await client.auth.me.query()
  expect(server.seen.map(({ path, token }) => `${path} ${token}`)).toEqual([
    'auth.login undefined',
    'auth.me access-1',
    'auth.login undefined',
    'auth.completeTotp undefined',
    'auth.me access-2',
  ])
  expect(server.seen.every(({ header }) => header === '0.1.0')).toBe(true)
})

test('forty calls that find the token expired wait for one refresh', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  server.expireAccess()
  const calls = [
    ...Array.from({ length: 30 }, () => client.auth.me.query()),
    // No idempotency key, yet safe: it was refused before anything was done.
    ...Array.from({ length: 10 }, (_, n) => client.deposits.cancel.mutate({ id: server.uuid(n) })),
  ]
  await expect(Promise.all(calls)).resolves.toHaveLength(40)
  expect(server.state.refreshes).toBe(1)
})

test('clients that share a storage and a lock manager refresh once between them', async () => {
  let last: Promise<unknown> = Promise.resolve()
  const request = <T>(_name: string, work: () => Promise<T>) => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
  vi.stubGlobal('navigator', { locks: { request } })
  const values = memoryStorage()
  const storage: TokenStorage = {
    get: async (key) => values.get(key),
    set: async (key, value) => values.set(key, value),
    remove: async (key) => values.remove(key),
  }
  const { server, client } = await signedIn({ storage })
  await using _ = server
  const otherTab = createClient({ url: server.url, storage })
  server.expireAccess()
  await Promise.all([client.auth.me.query(), otherTab.auth.me.query(), client.wallet.balances.query()])
  expect(server.state.refreshes).toBe(1)
})

test('a token is renewed before it ends by the server clock, however wrong the local date is', async () => {
  await using server = await startFixture()
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
  const client = createClient({ url: server.url })
  await client.auth.login.mutate(credentials)
  await client.auth.me.query()
  expect(server.state.refreshes).toBe(0)
  server.state.accessTtlMs = 2_000
  await client.auth.login.mutate(credentials)
  await client.auth.me.query()
  expect(server.state.refreshes).toBe(0)
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  await client.auth.me.query()
  expect(server.state.refreshes).toBe(1)
  expect(server.seen.filter(({ path }) => path === 'auth.me').at(-1)?.token).toBe('access-3')
})

test('a refused refresh signs out once and says so; the call fails with its own refusal', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  server.expireAccess()
  server.state.refresh = 'another'
  const outcomes = await Promise.allSettled([client.auth.me.query(), client.wallet.balances.query()])
  for (const outcome of outcomes)
    expect(outcome.status === 'rejected' && isXmError(outcome.reason, 'auth.token_invalid')).toBe(true)
  expect(signOuts).toEqual(['refresh_refused'])
  expect(await client.session.current()).toBeNull()
})

test('a refresh whose answer is lost does not sign out, and is made up for by the next call', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  server.expireAccess()
  server.fail('auth.refresh', 'hang up', 'hang up', 'hang up')
  const cancel = client.deposits.cancel.mutate({ id: server.uuid(1) })
  await expect(cancel).rejects.toMatchObject({ code: 'network.unreachable' })
  expect(signOuts).toEqual([])
  await expect(client.auth.me.query()).resolves.toMatchObject({ user: { handle: 'ana' } })
})

test('a refresh that answers after the user signed out does not bring the session back', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  server.expireAccess()
  server.state.refreshMs = 200
  const call = client.auth.me.query().catch((error: unknown) => error)
  await until(() => server.state.refreshes === 1)
  await client.session.forget()
  expect(isXmError(await call, 'auth.token_invalid')).toBe(true)
  expect(await client.session.current()).toBeNull()
})

test('signing out forgets the session, even where the server has ended it already', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  await client.auth.logout.mutate()
  expect(await client.session.current()).toBeNull()
  await client.auth.login.mutate(credentials)
  server.expireAccess()
  server.state.refresh = 'another'
  await expect(client.auth.logout.mutate()).rejects.toMatchObject({ kind: 'unauthenticated' })
  expect(await client.session.current()).toBeNull()
  expect(signOuts).toEqual(['signed_out', 'refresh_refused'])
})
