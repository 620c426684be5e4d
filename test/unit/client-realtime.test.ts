import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { createClient, type DepositHandlers, type DepositResult, type XmClient, type XmError } from '#client'
import { balance, startFixture, until } from '../support/client-fixture.ts'

const signOuts: string[] = []
const clients: XmClient[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
  signOuts.length = 0
  vi.useRealTimers()
})

async function signedIn(options: { clockOffsetMs?: number } = {}) {
  const server = await startFixture(options)
  const client = createClient({ url: server.url, ackTimeoutMs: 500, onSignedOut: (reason) => signOuts.push(reason) })
  clients.push(client)
  await client.auth.login.mutate({ login: 'ana', password: 'correct horse' })
  return { server, client }
}

/** Everything a watcher is told, in order. */
function recorder(more: DepositHandlers = {}) {
  const versions: number[] = []
  const results: DepositResult[] = []
  const errors: XmError[] = []
  const remaining: number[] = []
  const handlers: DepositHandlers = {
    onChange: ({ version }) => versions.push(version),
    onResult: (result) => results.push(result),
    onError: (error) => errors.push(error),
    onTimer: ({ remainingMs }) => remaining.push(remainingMs),
    ...more,
  }
  const told = () => results.map(({ result, eventId }) => `${result} ${eventId}`)
  return { versions, results, errors, remaining, told, handlers }
}

const walletChange = (version: number) => ({
  eventId: `e${version}`,
  version,
  balance: balance(`${version}00`, version),
  serverTime: new Date(0).toISOString(),
})

test('a watcher gets the snapshot, then newer versions only, however they are ordered', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const view = server.put(1)
  const seen = recorder()
  using __ = client.realtime.watchDeposit(view.id, seen.handlers)
  await until(() => seen.versions.length === 1)
  for (const version of [3, 2, 3, 1, 4]) server.push('deposit:changed', { ...view, version })
  await until(() => seen.versions.at(-1) === 4)
  expect(seen.versions).toEqual([1, 3, 4])
})

test('a result is delivered once, and a payment in time corrects an expiry that was told first', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const view = server.put(1)
  const seen = recorder()
  using __ = client.realtime.watchDeposit(view.id, seen.handlers)
  await until(() => seen.versions.length === 1)
  const expired = {
    eventId: 'e',
    depositId: view.id,
    result: 'expired',
    deposit: { ...view, status: 'expired', version: 2 },
  } as const
  const paid = {
    eventId: 'p',
    depositId: view.id,
    result: 'paid',
    deposit: { ...view, status: 'settled', version: 4 },
  } as const
  const reversed = {
    eventId: 'r',
    depositId: view.id,
    result: 'reversed',
    deposit: { ...view, status: 'reversed', version: 6 },
  } as const
  for (const event of [expired, expired, paid, expired, paid, reversed, paid]) server.push('payment:result', event)
  // Delivered again with a fresher view of the deposit: still the same event.
  server.push('payment:result', { ...paid, deposit: { ...reversed.deposit, version: 8 } })
  await until(() => seen.versions.at(-1) === 6)
  await sleep(50)
  expect(seen.told()).toEqual(['expired e', 'paid p', 'reversed r'])
  expect(seen.versions).toEqual([1, 2, 4, 6])
})

test('an outcome that happened while the line was down is told after the reconnect', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const view = server.put(1)
  const other = server.put(2)
  const seen = recorder()
  const seenOther = recorder()
  using __ = client.realtime.watchDeposit(view.id, seen.handlers)
  using ___ = client.realtime.watchDeposit(other.id, seenOther.handlers)
  await until(() => seen.versions.length === 1 && seenOther.versions.length === 1)
  const statuses: string[] = []
  using ____ = client.realtime.onStatus((status) => statuses.push(status))
  server.put(1, { status: 'settled', version: 5 })
  server.cut()
  await until(() => seen.results.length === 1)
  expect(seen.told()).toEqual(['paid null'])
  expect(server.watched.filter((entry) => entry === 'resume 2')).not.toHaveLength(0)
  expect(statuses).toEqual(['reconnecting', 'connected'])
  // Its event comes late: told already.
  server.push('payment:result', {
    eventId: 'p',
    depositId: view.id,
    result: 'paid',
    deposit: { ...view, status: 'settled', version: 5 },
  })
  server.push('deposit:changed', { ...other, version: 2 })
  await until(() => seenOther.versions.at(-1) === 2)
  expect(seen.told()).toEqual(['paid null'])
  expect(seen.versions).toEqual([1, 5])
})

test('a final state whose result never comes is told all the same', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const view = server.put(1)
  const seen = recorder()
  using __ = client.realtime.watchDeposit(view.id, seen.handlers)
  await until(() => seen.versions.length === 1)
  const settled = server.put(1, { status: 'settled', version: 2 })
  server.push('deposit:changed', settled)
  await until(() => seen.results.length === 1, 8_000)
  expect(seen.told()).toEqual(['paid null'])
})

test('watchers of one deposit share one subscription; the last one to stop ends it', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const view = server.put(1, { status: 'settled', version: 3 })
  client.realtime.connect()
  await until(() => client.realtime.status === 'connected')
  const first = recorder()
  const second = recorder()
  const third = recorder()
  const one = client.realtime.watchDeposit(view.id, first.handlers)
  const two = client.realtime.watchDeposit(view.id, second.handlers)
  await until(() => second.results.length === 1)
  const three = client.realtime.watchDeposit(view.id, third.handlers)
  await until(() => third.results.length === 1)
  expect(first.results).toHaveLength(1)
  one.stop()
  one.stop()
  two[Symbol.dispose]()
  await sleep(30)
  expect(server.watched).toEqual([`watch ${view.id}`])
  three.stop()
  await until(() => server.watched.length === 2)
  expect(server.watched).toEqual([`watch ${view.id}`, `unwatch ${view.id}`])
})

test('many watches begun at once travel together, and one told to slow down is made up for', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  client.realtime.connect()
  await until(() => client.realtime.status === 'connected')
  server.state.watchesMax = 1_000
  const many = Array.from({ length: 250 }, (_, n) => {
    const seen = recorder()
    return { seen, watch: client.realtime.watchDeposit(server.put(n).id, seen.handlers) }
  })
  many.at(0)?.watch.stop()
  await until(() => many.slice(1).every(({ seen }) => seen.versions.length === 1))
  expect(server.watched).toEqual(['resume 100', 'resume 100', 'resume 49'])
  server.state.callsLimited = 1
  const late = recorder()
  using __ = client.realtime.watchDeposit(server.put(300).id, late.handlers)
  await until(() => late.versions.length === 1)
  expect(late.errors).toEqual([])
  expect(server.watched).toHaveLength(5)
})

test('one watch too many is refused alone, also after a reconnect, and let in when another ends', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  client.realtime.connect()
  await until(() => client.realtime.status === 'connected')
  const many = Array.from({ length: 101 }, (_, n) => {
    const seen = recorder()
    return { seen, watch: client.realtime.watchDeposit(server.put(n).id, seen.handlers) }
  })
  const fitting = many.slice(0, 100)
  const { seen: surplus } = many[100]!
  await until(() => surplus.errors.length === 1)
  for (let n = 0; n < 101; n++) server.put(n, { version: 2 })
  server.cut()
  await until(() => fitting.every(({ seen }) => seen.versions.at(-1) === 2))
  await until(() => server.watched.filter((entry) => entry === 'resume 1').length === 2)
  await sleep(50)
  expect(fitting.flatMap(({ seen }) => seen.errors)).toEqual([])
  expect(surplus.errors.map(({ code, kind }) => [code, kind])).toEqual([['socket.too_many_watches', 'rate_limited']])
  expect(surplus.versions).toEqual([])
  // Whoever joins it later hears of it too.
  const joining = recorder()
  using __ = client.realtime.watchDeposit(server.uuid(100), joining.handlers)
  await until(() => joining.errors.length === 1)
  fitting[7]?.watch.stop()
  await until(() => surplus.versions.length === 1 && joining.versions.length === 1)
  expect(server.watched.slice(-2)).toEqual([`unwatch ${server.uuid(7)}`, 'resume 1'])
})

test('a client told to slow down asks again no sooner than it was told', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  Object.assign(server.state, { callsLimited: 1, limitedForMs: 4_000 })
  const seen = recorder()
  using __ = client.realtime.watchDeposit(server.put(1).id, seen.handlers)
  const wallet: number[] = []
  using ___ = client.realtime.onWalletChanged(({ version }) => wallet.push(version))
  await until(() => server.watched.length === 1)
  const refusedAtMs = performance.now()
  await until(() => seen.versions.length === 1 && wallet.length === 1, 8_000)
  expect(performance.now() - refusedAtMs).toBeGreaterThan(3_900)
  expect(server.watched).toEqual(['resume 1', 'resume 1'])
  expect(seen.errors).toEqual([])
})

test('the countdown follows the server clock while the local date is an hour off and jumps', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
  const { server, client } = await signedIn({ clockOffsetMs: 7_000_000 })
  await using _ = server
  const endMs = server.nowMs() + 1_480
  const view = server.put(1, { expiresAt: server.iso(endMs) })
  const errorsMs: number[] = []
  const seen = recorder({
    tickMs: 250,
    onTimer({ remainingMs }) {
      seen.remaining.push(remainingMs)
      errorsMs.push(Math.abs(remainingMs - Math.max(0, endMs - server.nowMs())))
    },
  })
  using __ = client.realtime.watchDeposit(view.id, seen.handlers)
  await until(() => seen.remaining.length >= 3)
  vi.setSystemTime(Date.now() - 7_200_000)
  await until(() => seen.remaining.at(-1) === 0)
  expect(Math.max(...errorsMs)).toBeLessThan(100)
  // At once, and then at whole quarters: 1250 (or nearly), 1000, ... 0.
  const quarters = seen.remaining.slice(1).map((ms) => Math.ceil(ms / 250))
  expect(quarters).toEqual([5, 4, 3, 2, 1, 0].slice(-quarters.length))
  await sleep(300)
  expect(seen.remaining.filter((ms) => ms === 0)).toHaveLength(1)
})

test('pushes correct a countdown whose first sample was late, and ticks stay bounded', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const view = server.put(1)
  const seen = recorder({ tickMs: 100 })
  using __ = client.realtime.watchDeposit(view.id, seen.handlers)
  await until(() => seen.remaining.length === 1)
  const { expiresAt } = view
  const serverTime = server.iso(server.nowMs() + 20_000)
  for (let n = 0; n < 50; n++)
    server.push('deposit:timer', { depositId: view.id, status: 'pending', remainingMs: 1, expiresAt, serverTime })
  await until(() => seen.remaining.at(-1)! < 45_000)
  expect(seen.remaining.length).toBeLessThan(6)
  // So large a step counts as a gap: the state is asked for anew.
  await until(() => server.watched.at(-1) === 'resume 1')
})

test('an unknown deposit is reported and given up', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const early = recorder()
  client.realtime.watchDeposit(server.uuid(404), early.handlers)
  await until(() => early.errors.length === 1)
  const late = recorder()
  client.realtime.watchDeposit(server.uuid(405), late.handlers)
  await until(() => late.errors.length === 1)
  expect([early.errors[0]?.code, late.errors[0]?.code]).toEqual(['deposit.not_found', 'deposit.not_found'])
  // Nothing is watched any more, so the connection closes by itself.
  await until(() => client.realtime.status === 'idle')
  await until(() => server.sockets() === 0)
})

test('an expired token is renewed once for the handshake', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  server.expireAccess()
  const view = server.put(1)
  const seen = recorder()
  using __ = client.realtime.watchDeposit(view.id, seen.handlers)
  await until(() => seen.versions.length === 1)
  expect(server.handshakes).toEqual(['access-1', 'access-2'])
  expect(server.state.refreshes).toBe(1)
  expect(seen.errors).toEqual([])
})

test('a socket refused with a fresh token too is reported, and renews no further', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  server.state.socketsRefused = true
  const seen = recorder()
  using __ = client.realtime.watchDeposit(server.put(1).id, seen.handlers)
  await until(() => seen.errors.length === 1)
  await sleep(300)
  expect(seen.errors[0]).toMatchObject({ code: 'auth.token_invalid', kind: 'unauthenticated' })
  expect(server.handshakes).toEqual(['access-1', 'access-2'])
  expect(server.state.refreshes).toBe(1)
  expect(client.realtime.status).toBe('closed')
})

test('staff who must enrol first are told so, and the client does not knock again', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  server.state.socketRefusal = 'auth.totp_enrolment_required'
  const seen = recorder()
  using __ = client.realtime.watchDeposit(server.put(1).id, seen.handlers)
  await until(() => seen.errors.length === 1)
  await sleep(1_500)
  expect(seen.errors[0]).toMatchObject({ code: 'auth.totp_enrolment_required', kind: 'forbidden' })
  expect(server.handshakes).toHaveLength(1)
  expect(client.realtime.status).toBe('closed')
  server.state.socketRefusal = null
  client.realtime.connect()
  await until(() => seen.versions.length === 1)
})

test.each(['line', 'server'] as const)(
  'a %s that drops every socket right after it connected is met with growing pauses',
  async (dropped) => {
    const { server, client } = await signedIn()
    await using _ = server
    server.state.socketsDropped = dropped
    const seen = recorder()
    const others = recorder()
    using __ = client.realtime.watchDeposit(server.put(1).id, seen.handlers)
    using ___ = client.realtime.onWalletChanged(() => {})
    await until(() => server.handshakes.length === 2)
    // Who comes meanwhile does not cut the pause short.
    using ____ = client.realtime.watchDeposit(server.put(2).id, others.handlers)
    await sleep(4_000)
    // After 0.5, 1, 2 and 4 s, each less up to a half.
    expect(server.handshakes.length).toBeLessThanOrEqual(5)
    expect(seen.errors).toEqual([])
    server.state.socketsDropped = null
    await until(() => seen.versions.length === 1 && others.versions.length === 1, 10_000)
  },
)

test('a socket that the server ends just after the last watch stopped is not opened again', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const seen = recorder()
  const watch = client.realtime.watchDeposit(server.put(1).id, seen.handlers)
  await until(() => seen.versions.length === 1)
  watch.stop()
  server.endSockets('server_shutdown')
  await until(() => client.realtime.status === 'idle')
  await sleep(1_000)
  expect(server.handshakes).toHaveLength(1)
  expect([client.realtime.status, server.sockets()]).toEqual(['idle', 0])
})

test('a revoked session signs out and stays away; a new sign-in picks the watches up', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const view = server.put(1)
  const seen = recorder()
  using __ = client.realtime.watchDeposit(view.id, seen.handlers)
  await until(() => seen.versions.length === 1)
  server.endSockets('session_revoked')
  await until(() => signOuts.length === 1)
  expect(signOuts).toEqual(['session_revoked'])
  expect(await client.session.current()).toBeNull()
  await sleep(1_000)
  expect(server.handshakes).toHaveLength(1)
  expect(client.realtime.status).toBe('closed')
  server.put(1, { status: 'settled', version: 2 })
  await client.auth.login.mutate({ login: 'ana', password: 'correct horse' })
  await until(() => seen.results.length === 1)
})

test('a server that shuts down is joined again', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const view = server.put(1)
  const seen = recorder()
  using __ = client.realtime.watchDeposit(view.id, seen.handlers)
  await until(() => seen.versions.length === 1)
  server.put(1, { version: 2 })
  server.endSockets('server_shutdown')
  await until(() => seen.versions.at(-1) === 2)
  expect(signOuts).toEqual([])
})

test('watching while signed out reports it', async () => {
  await using server = await startFixture()
  const client = createClient({ url: server.url })
  clients.push(client)
  const seen = recorder()
  using _ = client.realtime.watchDeposit(server.uuid(1), seen.handlers)
  await until(() => seen.errors.length === 1)
  expect(seen.errors[0]).toMatchObject({ code: 'auth.required', kind: 'unauthenticated' })
  expect(client.realtime.status).toBe('closed')
})

test('the wallet tells its balances first, then changes in order', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const posted: string[] = []
  const wallet = client.realtime.onWalletChanged((change) => posted.push(`${change.version} ${change.balance.posted}`))
  await until(() => posted.length === 1)
  for (const version of [3, 2, 3, 5]) server.push('wallet:changed', walletChange(version))
  await until(() => posted.length === 3)
  expect(posted).toEqual(['1 100', '3 300', '5 500'])
  wallet.stop()
  server.push('wallet:changed', walletChange(9))
  await until(() => client.realtime.status === 'idle')
  expect(posted).toHaveLength(3)
})

test('a snapshot of the wallet neither hides newer changes nor lets older ones through', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const posted: string[] = []
  using __ = client.realtime.onWalletChanged((change) => posted.push(`${change.version} ${change.balance.posted}`))
  await until(() => posted.length === 1)
  for (const version of [3, 4]) server.push('wallet:changed', walletChange(version))
  await until(() => posted.length === 3)
  const ask = async (...balances: (typeof server.state)['balances']) => {
    server.state.balances = balances
    const asked = server.watched.length
    using _one = client.realtime.watchDeposit(server.put(1).id, {})
    using _other = client.realtime.watchDeposit(server.put(2).id, {})
    await until(() => server.watched.slice(asked).includes('resume 2'))
    await sleep(30)
  }
  await ask(balance('300', 3))
  expect(posted).toEqual(['1 100', '3 300', '4 400'])
  await ask(balance('700', 7))
  server.push('wallet:changed', walletChange(5))
  server.push('wallet:changed', walletChange(8))
  await until(() => posted.at(-1) === '8 800')
  expect(posted.slice(3)).toEqual(['7 700', '8 800'])
})

test('nobody who listens after a sign-out hears the balances of the one who left', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const first: string[] = []
  using __ = client.realtime.onWalletChanged(({ balance: { posted } }) => first.push(posted))
  await until(() => first.length === 1)
  await client.auth.logout.mutate()
  const second: string[] = []
  using ___ = client.realtime.onWalletChanged(({ balance: { posted } }) => second.push(posted))
  await sleep(20)
  expect(second).toEqual([])
  // Of somebody who did less: the versions of two accounts do not compare.
  server.state.balances = [balance('7', 0)]
  await client.auth.login.mutate({ login: 'bob', password: 'correct horse' })
  await until(() => first.length === 2 && second.length === 1)
  expect([first, second]).toEqual([['100', '7'], ['7']])
})

test('close() ends the connection, and connect() goes on with the watches', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const view = server.put(1)
  const seen = recorder()
  using __ = client.realtime.watchDeposit(view.id, seen.handlers)
  await until(() => seen.versions.length === 1)
  client.realtime.close()
  await until(() => server.sockets() === 0)
  server.put(1, { status: 'expired', version: 2 })
  client.realtime.connect()
  await until(() => seen.results.length === 1)
  expect(seen.told()).toEqual(['expired null'])
})
