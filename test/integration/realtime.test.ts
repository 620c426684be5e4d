import { spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect as connectTcp, type Socket as TcpSocket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { io as connect, type Socket } from 'socket.io-client'
import { afterEach, describe, expect, inject, it, vi } from 'vitest'
import type { DepositView, ServerEvents } from '#contract'
import type { Actor } from '../../src/kernel/actor.ts'
import { DomainError } from '../../src/kernel/errors.ts'
import { createLocalRateLimit } from '../../src/platform/cache/rate-limit.ts'
import { readConfig } from '../../src/platform/config.ts'
import { createRealtime, type RealtimeDeps, staffRoom, userRoom } from '../../src/platform/realtime.ts'
import { hasRedis, startPrivateRedis } from '../support/private-redis.ts'

const log = pino({ level: 'silent' })
const open: { [Symbol.asyncDispose](): PromiseLike<void> }[] = []
const rejections: unknown[] = []
process.on('unhandledRejection', (error) => rejections.push(error))

afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]()
  expect(rejections).toEqual([])
})

function keep<T extends AsyncDisposable>(resource: T): T {
  open.push(resource)
  return resource
}

/** Accounts, their sessions and tokens, shared by the nodes of a test. A token is `<user>.<session>`. */
function createAccounts() {
  const live = new Map<string, Actor>()
  return {
    live,
    signIn(userId: string, roles: Actor['roles'] = ['user']) {
      const sessionId = randomUUID()
      live.set(sessionId, { userId, sessionId, roles, totp: false })
      return { token: `${userId}.${sessionId}`, sessionId }
    },
    async authenticate(token: string): Promise<Actor | null> {
      if (token === 'broken') throw new Error('no database')
      if (token === 'suspended') throw new DomainError('auth.account_suspended', 'forbidden')
      return live.get(token.split('.')[1] ?? '') ?? null
    },
    isSessionLive: async (sessionId: string) => live.has(sessionId),
  }
}

interface NodeOptions extends Partial<Omit<RealtimeDeps, 'redis' | 'config'>> {
  readonly accounts: ReturnType<typeof createAccounts>
  readonly redisUrl?: string
  readonly env?: Record<string, string>
}

const limitOf = (points: number) => createLocalRateLimit({ name: 'test', points, windowMs: 60_000 })

async function startNode({ accounts, redisUrl, env = {}, ...overrides }: NodeOptions) {
  const httpServer = createServer()
  const redis = redisUrl === undefined ? null : new Redis(redisUrl, { lazyConnect: true })
  redis?.on('error', () => {})
  const realtime = createRealtime({
    httpServer,
    redis,
    config: readConfig({ REDIS_PREFIX: 'test:', ...env }),
    authenticate: accounts.authenticate,
    isSessionLive: accounts.isSessionLive,
    actorLimit: limitOf(1_000_000),
    addressLimit: limitOf(1_000_000),
    handlers: {
      'deposit:watch': async ({ input, socket }) => {
        if (input.depositId.startsWith('ffffffff')) throw new Error('a bug with a secret')
        if (input.depositId.startsWith('eeeeeeee')) throw new DomainError('deposit.not_found', 'not_found')
        socket.join(`deposit:${input.depositId}`)
        return depositOf(input.depositId)
      },
      'deposit:unwatch': async ({ input, socket }) => {
        socket.leave(`deposit:${input.depositId}`)
        return { depositId: input.depositId }
      },
      resume: async () => ({ deposits: [], refused: [], balances: [], serverTime: new Date().toISOString() }),
      'logs:subscribe': async () => ({ sources: [], serverTime: new Date().toISOString() }),
      'logs:unsubscribe': async () => ({}),
    },
    log,
    ...overrides,
  })
  httpServer.listen(0, '127.0.0.1')
  await once(httpServer, 'listening')
  if (redis !== null) await vi.waitFor(() => realtime.flush(), { timeout: 5_000 })
  const { port } = httpServer.address() as AddressInfo
  return keep({
    realtime,
    url: `http://127.0.0.1:${port}`,
    port,
    async [Symbol.asyncDispose]() {
      await realtime.close()
      redis?.disconnect()
      httpServer.closeAllConnections()
      httpServer.close()
    },
  })
}

function openSocket(url: string, token: unknown, options: object = {}): Socket {
  const socket = connect(url, {
    auth: { token },
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    ...options,
  })
  open.push({ [Symbol.asyncDispose]: async () => void socket.close() })
  return socket
}

async function openConnected(url: string, token: string, options: object = {}): Promise<Socket> {
  const socket = openSocket(url, token, options)
  await Promise.race([
    next(socket, 'connect'),
    next<Error>(socket, 'connect_error').then((error) => Promise.reject(error)),
  ])
  return socket
}

async function refusalOf(socket: Socket): Promise<Record<string, unknown>> {
  const { data } = await next<{ data: Record<string, unknown> }>(socket, 'connect_error')
  return data
}

/** The first argument of the next such event. A second one, after recoverable events, is the library's own. */
function next<T>(emitter: { once(event: string, listener: (first: T) => void): unknown }, event: string): Promise<T> {
  return new Promise((resolve) => void emitter.once(event, resolve))
}

function eventsOf<K extends keyof ServerEvents>(socket: Socket, event: K): ServerEvents[K][] {
  const seen: ServerEvents[K][] = []
  socket.on(event as string, (payload: ServerEvents[K]) => seen.push(payload))
  return seen
}

/** A WebSocket that answers nothing, not even pings and its own end. */
function openRaw(port: number): TcpSocket {
  const socket = connectTcp(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  socket.write(
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  )
  open.push({ [Symbol.asyncDispose]: async () => void socket.destroy() })
  return socket
}

/** A short text frame of a client, masked with zeros. */
const textFrame = (text: string) =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)])

/** Breaks the connection as a lost network does: the server sees it go, the client comes back when told. */
async function dropConnection(socket: Socket): Promise<void> {
  const gone = next(socket, 'disconnect')
  socket.io.engine.close()
  await gone
  await pause(50)
}

const money = { minor: '100', currency: 'IDR' } as const
const depositOf = (id: string, version = 1): DepositView => ({
  id,
  status: 'pending',
  exception: 'none',
  version,
  amount: money,
  received: { ...money, minor: '0' },
  method: 'va',
  payment: null,
  createdAt: '2026-11-03T10:00:00.000Z',
  expiresAt: '2026-11-03T10:15:00.000Z',
  settledAt: null,
  serverTime: '2026-11-03T10:00:00.000Z',
})
const change = (version: number) => depositOf('01930000-0000-7000-8000-000000000001', version)
const depositId = change(1).id
const tick = (id = depositId) => ({
  depositId: id,
  status: 'pending' as const,
  remainingMs: 1000,
  expiresAt: '2026-11-03T10:15:00.000Z',
  serverTime: '2026-11-03T10:00:00.000Z',
})

describe('the realtime gateway', () => {
  it('refuses a handshake without a token, with a bad one, and while tokens cannot be checked', async () => {
    const { url } = await startNode({ accounts: createAccounts() })
    expect(await refusalOf(openSocket(url, undefined))).toMatchObject({ code: 'auth.required' })
    expect(await refusalOf(openSocket(url, ''))).toMatchObject({ code: 'auth.required' })
    expect(await refusalOf(openSocket(url, 'nobody.nothing'))).toMatchObject({ code: 'auth.token_invalid' })
    expect(await refusalOf(openSocket(url, { $gt: '' }))).toMatchObject({ code: 'auth.token_invalid' })
    expect(await refusalOf(openSocket(url, 'x'.repeat(5_000)))).toMatchObject({ code: 'auth.token_invalid' })
    expect(await refusalOf(openSocket(url, 'suspended'))).toMatchObject({ code: 'auth.account_suspended' })
    const masked = await refusalOf(openSocket(url, 'broken'))
    expect(masked).toMatchObject({ code: 'service.unavailable', requestId: expect.any(String) })
    expect(JSON.stringify(masked)).not.toContain('database')
  })

  it('closes a connection that never authenticates', async () => {
    const { port } = await startNode({ accounts: createAccounts() })
    const startedAtMs = Date.now()
    await once(openRaw(port), 'close')
    expect(Date.now() - startedAtMs).toBeLessThan(8_500)
  })

  it('keeps rooms private', async () => {
    const accounts = createAccounts()
    const { url, realtime } = await startNode({ accounts, env: { STAFF_TOTP: 'optional' } })
    const [ann, bob] = [accounts.signIn('ann'), accounts.signIn('bob')]
    const admin = accounts.signIn('eve', ['user', 'admin'])
    const sockets = await Promise.all([ann, bob, admin].map(({ token }) => openConnected(url, token)))
    const [annHears, bobHears, adminHears] = sockets.map((socket) => eventsOf(socket, 'deposit:changed'))

    sockets[1]!.emit('join', userRoom('ann'))
    sockets[1]!.emit('deposit:watch', { depositId: userRoom('ann') })
    realtime.emit(userRoom('ann'), 'deposit:changed', change(1))
    realtime.emit([userRoom('ann'), userRoom('ann')], 'deposit:changed', change(2))
    realtime.emit(staffRoom, 'deposit:changed', change(3))
    await vi.waitFor(() => expect(adminHears).toHaveLength(1))
    await pause(100)
    expect(annHears).toEqual([change(1), change(2)])
    expect(bobHears).toEqual([])
    expect(adminHears).toEqual([change(3)])
    expect(() => realtime.emit([], 'deposit:changed', change(4))).toThrow(/audience/)
  })

  it('refuses staff without a second factor where one is required', async () => {
    const accounts = createAccounts()
    const { url, realtime } = await startNode({ accounts })
    const { token, sessionId } = accounts.signIn('eve', ['user', 'admin'])
    expect(await refusalOf(openSocket(url, token))).toMatchObject({ code: 'auth.totp_enrolment_required' })
    expect(realtime.socketCount()).toBe(0)
    accounts.live.set(sessionId, { ...accounts.live.get(sessionId)!, totp: true })
    await openConnected(url, token)
    expect(realtime.hasLocal(staffRoom)).toBe(true)
  })

  it.each(['websocket', 'polling'])('limits connections by network, over %s', async (transport) => {
    const accounts = createAccounts()
    const refused: string[] = []
    const { url } = await startNode({
      ...{ accounts, addressLimit: limitOf(2), env: { TRUST_PROXY: 'true' } },
      meter: { socketRefused: (code) => refused.push(code) },
    })
    const { token } = accounts.signIn('ann')
    const from = (address: string) => ({ transports: [transport], extraHeaders: { 'x-forwarded-for': address } })
    await openConnected(url, token, from('2001:db8::1'))
    await openConnected(url, token, from('2001:db8::2'))
    await expect(openConnected(url, token, from('2001:db8::3'))).rejects.toThrow(
      `${transport.replace('polling', 'xhr poll')} error`,
    )
    expect(refused).toEqual(['rate.limited'])
    await openConnected(url, token, from('2001:db8:0:1::1'))
  })

  it('counts calls against the account, those that ask about many things as many', async () => {
    const accounts = createAccounts()
    const actorLimit = limitOf(10)
    const { url } = await startNode({ accounts, actorLimit })
    const sockets = await Promise.all([1, 2].map(() => openConnected(url, accounts.signIn('ann').token)))
    const bob = await openConnected(url, accounts.signIn('bob').token)
    const call = (socket: Socket, event: string, input: unknown) => socket.timeout(2_000).emitWithAck(event, input)
    const depositIds = [1, 2, 3, 4, 5].map((index) => depositId.replace(/1$/, String(index)))

    expect(await call(sockets[0]!, 'resume', { depositIds })).toMatchObject({ ok: true })
    expect(await call(sockets[0]!, 'deposit:watch', { depositId })).toMatchObject({ ok: true })
    expect(await call(sockets[1]!, 'resume', { depositIds: [] })).toMatchObject({ ok: true })
    expect(await call(sockets[1]!, 'deposit:watch', 'nonsense')).toMatchObject({ error: { code: 'input.invalid' } })
    expect(await call(sockets[1]!, 'resume', { depositIds })).toMatchObject({
      ok: false,
      error: { code: 'rate.limited', details: { retryAfterMs: expect.any(Number) } },
    })
    await expect(actorLimit.check('ann')).rejects.toMatchObject({ code: 'rate.limited' })
    expect(await call(bob, 'deposit:watch', { depositId })).toMatchObject({ ok: true })
  })

  it('answers calls: the value, the field that does not fit, the refusal, the masked bug', async () => {
    const accounts = createAccounts()
    const outcomes: string[] = []
    const meter = { callAnswered: (event: string, outcome: string) => outcomes.push(`${event} ${outcome}`) }
    const { url, realtime } = await startNode({ accounts, meter })
    const socket = await openConnected(url, accounts.signIn('ann').token)
    const call = (event: string, ...args: unknown[]) => socket.timeout(2_000).emitWithAck(event, ...args)

    expect(await call('deposit:watch', { depositId })).toEqual({ ok: true, value: change(1) })
    expect(realtime.hasLocal(`deposit:${depositId}`)).toBe(true)
    expect(await call('deposit:watch', { depositId: 'x' })).toMatchObject({
      ok: false,
      error: { code: 'input.invalid', message: expect.any(String), details: { issues: [{ field: 'depositId' }] } },
    })
    for (const nonsense of [undefined, null, 7, 'x', [], { depositId: { $gt: '' } }])
      expect(await call('deposit:watch', nonsense)).toMatchObject({ ok: false, error: { code: 'input.invalid' } })
    expect(await call('deposit:watch')).toMatchObject({ ok: false, error: { code: 'input.invalid' } })
    expect(await call('deposit:watch', { depositId: depositId.replace(/^.{8}/, 'eeeeeeee') })).toMatchObject({
      error: { code: 'deposit.not_found', requestId: expect.any(String) },
    })
    const bug = await call('deposit:watch', { depositId: depositId.replace(/^.{8}/, 'ffffffff') })
    expect(bug).toMatchObject({ ok: false, error: { code: 'internal', details: {} } })
    expect(JSON.stringify(bug)).not.toContain('secret')
    expect(outcomes).toContain('deposit:watch internal')

    socket.emit('deposit:watch', 'no acknowledgement asked for')
    socket.emit('__proto__', { depositId })
    socket.emit('toString', { depositId })
    socket.emit('deposit:unwatch', { depositId })
    await vi.waitFor(() => expect(realtime.hasLocal(`deposit:${depositId}`)).toBe(false))
    expect(socket.connected).toBe(true)
  })

  it('limits messages, and ends a socket that floods', async () => {
    const accounts = createAccounts()
    const { url } = await startNode({ accounts, env: { SOCKET_MESSAGES_PER_SECOND: '10' } })
    const socket = await openConnected(url, accounts.signIn('ann').token)
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => socket.timeout(2_000).emitWithAck('deposit:unwatch', { depositId })),
    )
    const refused = answers.filter(({ ok }) => !ok)
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(10)
    expect(answers.length - refused.length).toBeLessThanOrEqual(12)
    expect(refused[0].error).toMatchObject({ code: 'rate.limited', details: { retryAfterMs: expect.any(Number) } })
    expect(refused[0].error.details.retryAfterMs).toBeLessThanOrEqual(100)

    const ended = next(socket, 'disconnect')
    for (let count = 0; count < 60; count++) socket.emit('anything')
    await ended
  })

  it('ends a connection that floods with handshakes', async () => {
    const accounts = createAccounts()
    let asked = 0
    const authenticate = async () => {
      asked++
      return null
    }
    const { port } = await startNode({ accounts, authenticate, env: { SOCKET_MESSAGES_PER_SECOND: '10' } })
    const raw = openRaw(port)
    const closed = once(raw, 'close')
    for (let count = 0; count < 100; count++) raw.write(textFrame('40{"token":"x"}'))
    await closed
    expect(asked).toBeLessThanOrEqual(3)
  })

  it('ends a socket that sends too large a message', async () => {
    const accounts = createAccounts()
    const { url, realtime } = await startNode({ accounts, env: { SOCKET_PAYLOAD_MAX_BYTES: '1000' } })
    const socket = await openConnected(url, accounts.signIn('ann').token)
    const ended = next(socket, 'disconnect')
    socket.emit('deposit:watch', { depositId: 'x'.repeat(2_000) })
    await ended
    await vi.waitFor(() => expect(realtime.socketCount()).toBe(0))
  })

  it('ends the oldest socket of a session that has too many', async () => {
    const accounts = createAccounts()
    const { url, realtime } = await startNode({ accounts, env: { SOCKETS_PER_SESSION_MAX: '2' } })
    const { token } = accounts.signIn('ann')
    const first = await openConnected(url, token)
    const told = next(first, 'session:ended')
    await openConnected(url, token)
    await openConnected(url, token)
    expect(await told).toEqual({ reason: 'too_many_sockets' })
    expect(realtime.socketCount()).toBe(2)
  })

  it('ends the oldest socket of an account that has too many, whatever their sessions', async () => {
    const accounts = createAccounts()
    const { url, realtime } = await startNode({ accounts, env: { SOCKETS_PER_USER_MAX: '2' } })
    const first = await openConnected(url, accounts.signIn('ann').token)
    const told = next(first, 'session:ended')
    await openConnected(url, accounts.signIn('ann').token)
    const bob = await openConnected(url, accounts.signIn('bob').token)
    await openConnected(url, accounts.signIn('ann').token)
    expect(await told).toEqual({ reason: 'too_many_sockets' })
    expect(realtime.socketCount()).toBe(3)
    expect(bob.connected).toBe(true)
  })

  it.each([
    ['noops', '6', []],
    ['pongs', '3', []],
    ['pings of WebSocket', '', [0x89]],
    ['pongs of WebSocket', '', [0x8a]],
  ])('ends a connection that floods with %s', async (_what, text, opcode) => {
    const ended: string[] = []
    const meter = { socketEnded: (reason: string) => ended.push(reason) }
    const { port } = await startNode({ accounts: createAccounts(), meter, env: { SOCKET_MESSAGES_PER_SECOND: '10' } })
    const raw = openRaw(port)
    const startedAtMs = performance.now()
    const closed = once(raw, 'close')
    const frame = opcode.length === 0 ? textFrame(text) : Buffer.from([...opcode, 0x80, 0, 0, 0, 0])
    for (let count = 0; count < 100; count++) raw.write(frame)
    await closed
    expect(performance.now() - startedAtMs).toBeLessThan(2_000)
    expect(ended).toEqual(['flood'])
  })

  it.each([
    ['polling', 'an unfinished event', '451-["x",{"_placeholder":true,"num":0}]'],
    ['websocket', 'an unfinished event', '451-["x",{"_placeholder":true,"num":0}]'],
    ['websocket', 'an unfinished answer', '461-1[{"_placeholder":true,"num":0}]'],
    ['websocket', 'bytes', Buffer.alloc(9)],
  ])('ends a socket that sends something binary: over %s %s', async (transport, _what, data) => {
    const accounts = createAccounts()
    const reasons: string[] = []
    const meter = { socketEnded: (reason: string) => reasons.push(reason) }
    const { url, realtime } = await startNode({ accounts, meter })
    const socket = await openConnected(url, accounts.signIn('ann').token, { transports: [transport] })
    const ended = next(socket, 'disconnect')
    socket.io.engine.send(typeof data === 'string' ? data.slice(1) : data)
    await ended
    expect(reasons).toEqual(['binary'])
    await vi.waitFor(() => expect(realtime.socketCount()).toBe(0))
  })

  it('moves a connection from polling to WebSocket, and goes on', async () => {
    const accounts = createAccounts()
    const { url, realtime } = await startNode({ accounts })
    const socket = await openConnected(url, accounts.signIn('ann').token, { transports: ['polling', 'websocket'] })
    if (socket.io.engine.transport.name !== 'websocket') await next(socket.io.engine, 'upgrade')
    const heard = eventsOf(socket, 'deposit:changed')
    realtime.emit(userRoom('ann'), 'deposit:changed', change(1))
    await vi.waitFor(() => expect(heard).toEqual([change(1)]))
    expect(await socket.timeout(2_000).emitWithAck('deposit:watch', { depositId })).toMatchObject({ ok: true })
  })

  it('gives a socket every tick, also of deposits that tick at the same moment', async () => {
    const accounts = createAccounts()
    const { url, realtime } = await startNode({ accounts })
    const socket = await openConnected(url, accounts.signIn('ann').token)
    const ids = [1, 2, 3].map((index) => depositId.replace(/1$/, String(index)))
    for (const id of ids) await socket.emitWithAck('deposit:watch', { depositId: id })
    const heard = eventsOf(socket, 'deposit:timer')
    for (const id of ids) realtime.emitLocal(`deposit:${id}`, 'deposit:timer', tick(id))
    await vi.waitFor(() => expect(heard.map((event) => event.depositId)).toEqual(ids))
  })

  it.each(['websocket', 'polling'])('closes: over %s the client hears why, and may come back', async (transport) => {
    const accounts = createAccounts()
    const { url, realtime } = await startNode({ accounts })
    const socket = await openConnected(url, accounts.signIn('ann').token, { transports: [transport] })
    const told = next(socket, 'session:ended')
    const ended = next(socket, 'disconnect')
    await realtime.close('server_shutdown')
    expect(await told).toEqual({ reason: 'server_shutdown' })
    // A closed transport, not a closed socket: the client reconnects by itself.
    expect(await ended).toBe('transport close')
    expect(realtime.socketCount()).toBe(0)
    await expect(openConnected(url, accounts.signIn('bob').token)).rejects.toThrow()
  })

  it.each(hasRedis() ? ['no Redis', 'Redis'] : ['no Redis'])(
    'leaves nothing open that keeps a process alive, with %s',
    async (redis) => {
      const script = `
      import { createServer } from 'node:http'
      import { once } from 'node:events'
      import { Redis } from 'ioredis'
      import { pino } from 'pino'
      import { io as connect } from 'socket.io-client'
      import { createRealtime } from './src/platform/realtime.ts'
      import { readConfig } from './src/platform/config.ts'
      const httpServer = createServer().listen(0, '127.0.0.1')
      await once(httpServer, 'listening')
      const redis = process.argv[1] === '' ? null : new Redis(process.argv[1], { lazyConnect: true })
      const actor = { userId: 'ann', sessionId: 's', roles: ['user'], totp: false }
      const realtime = createRealtime({
        httpServer, redis, config: readConfig({ REDIS_PREFIX: 'test:exit:' }), handlers: {}, log: pino({ level: 'silent' }),
        authenticate: async () => actor, isSessionLive: async () => true,
        actorLimit: { consume: async () => {} }, addressLimit: { consume: async () => {} },
      })
      const sockets = ['websocket', 'polling'].map((transport) => connect('http://127.0.0.1:' + httpServer.address().port,
        { auth: { token: 'x' }, transports: [transport], forceNew: true, reconnection: false }))
      await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
      const ended = sockets.map((socket) => new Promise((resolve) => socket.once('session:ended', resolve)))
      await realtime.close()
      await Promise.all(ended)
      httpServer.close()
      httpServer.closeAllConnections()
      console.log('closed')`
      const args = ['--conditions=xm-source', '--import', 'tsx', '--input-type=module', '--eval', script]
      const child = spawn(process.execPath, [...args, redis === 'Redis' ? String(inject('redisUrl')) : ''], {
        cwd: join(import.meta.dirname, '../..'),
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      const closedAtMs = Date.now()
      expect(await once(child, 'exit')).toEqual([0, null])
      expect(Date.now() - closedAtMs).toBeLessThan(1_000)
    },
  )

  it('ends a slow consumer, and frees its memory', async () => {
    const accounts = createAccounts()
    const ended: string[] = []
    const { url, realtime } = await startNode({
      accounts,
      meter: { socketEnded: (reason) => ended.push(reason) },
      env: { SOCKET_BUFFER_MAX_BYTES: '100000' },
    })
    const socket = await openConnected(url, accounts.signIn('ann').token)
    const quick = await openConnected(url, accounts.signIn('ann').token)
    const heard = eventsOf(quick, 'deposit:changed')
    const { _socket: tcp } = (socket.io.engine.transport as unknown as { ws: { _socket: TcpSocket } }).ws
    tcp.pause()
    const large = { ...change(1), method: 'x'.repeat(50_000) }
    for (let round = 0; round < 400; round++) {
      realtime.emit(userRoom('ann'), 'deposit:changed', large)
      if (round % 20 === 0) await pause(5)
    }
    await vi.waitFor(() => expect(ended).toEqual(['slow_consumer']), { timeout: 5_000 })
    await vi.waitFor(() => expect(realtime.socketCount()).toBe(1), { timeout: 5_000 })
    await vi.waitFor(() => expect(heard).toHaveLength(400))
    tcp.resume()
  })

  it('ends the sockets of a session whose end was not heard of', async () => {
    const accounts = createAccounts()
    const { url } = await startNode({ accounts })
    const { token, sessionId } = accounts.signIn('ann')
    const socket = await openConnected(url, token)
    const told = next(socket, 'session:ended')
    accounts.live.delete(sessionId)
    expect(await told).toEqual({ reason: 'session_revoked' })
  })

  it('ends at once a socket whose session ended while it was let in', async () => {
    const accounts = createAccounts()
    const { token, sessionId } = accounts.signIn('ann')
    const actor = accounts.live.get(sessionId)!
    const { url, realtime } = await startNode({ accounts, authenticate: async () => actor })
    const first = await openConnected(url, token)
    await pause(100)
    accounts.live.delete(sessionId)
    const startedAtMs = performance.now()
    const second = openSocket(url, token)
    expect(await Promise.all([first, second].map((socket) => next(socket, 'session:ended')))).toEqual([
      { reason: 'session_revoked' },
      { reason: 'session_revoked' },
    ])
    expect(performance.now() - startedAtMs).toBeLessThan(500)
    await vi.waitFor(() => expect(realtime.socketCount()).toBe(0))
  })
})

/** What must hold on one node without Redis, and across two nodes with it. */
const places = [{ name: 'one node', nodes: 1 }, ...(hasRedis() ? [{ name: 'two nodes over Redis', nodes: 2 }] : [])]

describe.each(places)('recovery on $name', ({ nodes }) => {
  async function startNodes(accounts: ReturnType<typeof createAccounts>, overrides: Partial<NodeOptions> = {}) {
    const redisUrl = nodes === 2 ? { redisUrl: inject('redisUrl') as string } : {}
    const env = { REDIS_PREFIX: `test:${randomBytes(6).toString('hex')}:` }
    const start = () => startNode({ accounts, ...redisUrl, env, ...overrides })
    const first = await start()
    return [first, nodes === 2 ? await start() : first] as const
  }

  /** A socket on the first node that has heard one event and lost its connection. */
  async function dropped(accounts: ReturnType<typeof createAccounts>, first: Awaited<ReturnType<typeof startNode>>) {
    const { token, sessionId } = accounts.signIn('ann')
    const socket = await openConnected(first.url, token)
    await socket.emitWithAck('deposit:watch', { depositId })
    const heard = eventsOf(socket, 'deposit:changed')
    first.realtime.emit(userRoom('ann'), 'deposit:changed', change(1))
    await vi.waitFor(() => expect(heard).toEqual([change(1)]))
    await dropConnection(socket)
    return { socket, heard, sessionId, token }
  }

  /** Sends the client to another node, with what it remembers. */
  function moveTo(socket: Socket, url: string) {
    Object.assign(socket.io, { uri: url })
    socket.connect()
  }

  it('replays what was missed, each once and in order, and then goes on', async () => {
    const accounts = createAccounts()
    const opened: string[] = []
    const [first, second] = await startNodes(accounts, { onRoomOpened: (room) => opened.push(room) })
    const { socket, heard } = await dropped(accounts, first)
    first.realtime.emit(userRoom('ann'), 'deposit:changed', change(2))
    first.realtime.emit(userRoom('bob'), 'deposit:changed', change(99))
    second.realtime.emit([userRoom('ann'), `deposit:${depositId}`], 'deposit:changed', change(3))
    await first.realtime.flush()
    await second.realtime.flush()
    opened.length = 0
    moveTo(socket, second.url)
    await next(socket, 'connect')
    expect(socket.recovered).toBe(true)
    await vi.waitFor(() => expect(heard.map(({ version }) => version)).toEqual([1, 2, 3]))
    expect(opened).toContain(`deposit:${depositId}`)
    expect(second.realtime.hasLocal(`deposit:${depositId}`)).toBe(true)
    first.realtime.emit(`deposit:${depositId}`, 'deposit:changed', change(4))
    await vi.waitFor(() => expect(heard.map(({ version }) => version)).toEqual([1, 2, 3, 4]))
  })

  it('does not let a revoked session back in, nor send it a byte of what it missed', async () => {
    const accounts = createAccounts()
    const [first, second] = await startNodes(accounts)
    const { socket, sessionId } = await dropped(accounts, first)
    accounts.live.delete(sessionId)
    first.realtime.emit(userRoom('ann'), 'deposit:changed', change(2))
    await first.realtime.flush()
    const wire: string[] = []
    socket.io.on('open', () => socket.io.engine.on('data', (data) => wire.push(String(data))))
    moveTo(socket, second.url)
    expect(await refusalOf(socket)).toMatchObject({ code: 'auth.token_invalid' })
    await pause(100)
    expect(wire.join('\n')).toContain('auth.token_invalid')
    expect(wire.join('\n')).not.toContain('deposit:changed')
  })

  it('makes a socket fresh that comes back as somebody else', async () => {
    const accounts = createAccounts()
    const [first, second] = await startNodes(accounts)
    const { socket, heard } = await dropped(accounts, first)
    first.realtime.emit(userRoom('ann'), 'deposit:changed', change(2))
    await first.realtime.flush()
    socket.auth = { token: accounts.signIn('bob').token }
    moveTo(socket, second.url)
    await next(socket, 'connect')
    expect(socket.recovered).toBe(false)
    expect(second.realtime.hasLocal(userRoom('ann'))).toBe(false)
    expect(second.realtime.hasLocal(`deposit:${depositId}`)).toBe(false)
    second.realtime.emit(userRoom('bob'), 'deposit:changed', change(3))
    await vi.waitFor(() => expect(heard.map(({ version }) => version)).toEqual([1, 3]))
  })

  it('loses nothing that comes in while the token is being checked', async () => {
    const accounts = createAccounts()
    let duringCheck = async () => {}
    const [first, second] = await startNodes(accounts, {
      async authenticate(token) {
        await duringCheck()
        return accounts.authenticate(token)
      },
    })
    const { socket, heard } = await dropped(accounts, first)
    duringCheck = async () => {
      first.realtime.emit(userRoom('ann'), 'deposit:changed', change(2))
      await first.realtime.flush()
      await pause(50)
    }
    moveTo(socket, second.url)
    await next(socket, 'connect')
    await vi.waitFor(() => expect(heard.map(({ version }) => version)).toEqual([1, 2]))
  })
})

describe.runIf(hasRedis())('two nodes over Redis', () => {
  async function startPair(redisUrl: string, accounts: ReturnType<typeof createAccounts>) {
    const env = { REDIS_PREFIX: `test:${randomBytes(6).toString('hex')}:` }
    const nodes = [await startNode({ accounts, redisUrl, env }), await startNode({ accounts, redisUrl, env })] as const
    return { nodes, env }
  }

  it('carry an event to everybody in the room, once each, from the first event on', async () => {
    const accounts = createAccounts()
    const { nodes } = await startPair(inject('redisUrl') as string, accounts)
    const { token } = accounts.signIn('ann')
    const heard = await Promise.all(
      nodes.map(async ({ url }) => eventsOf(await openConnected(url, token), 'deposit:changed')),
    )
    for (let version = 1; version <= 50; version++)
      nodes[version % 2]!.realtime.emit(userRoom('ann'), 'deposit:changed', change(version))
    await vi.waitFor(() => expect(heard.map((events) => events.length)).toEqual([50, 50]))
    await pause(100)
    for (const events of heard) expect(events.map(({ version }) => version).sort((a, b) => a - b)).toHaveLength(50)
  })

  it('end a session on every node within a second, and say why', async () => {
    const accounts = createAccounts()
    const { nodes } = await startPair(inject('redisUrl') as string, accounts)
    const { token, sessionId } = accounts.signIn('ann')
    const sockets = await Promise.all([
      openConnected(nodes[0].url, token),
      openConnected(nodes[1].url, token),
      openConnected(nodes[1].url, token, { transports: ['polling'] }),
    ])
    const bystander = await openConnected(nodes[1].url, accounts.signIn('ann').token)
    const told = sockets.map((socket) => next(socket, 'session:ended'))
    const ended = sockets.map((socket) => next(socket, 'disconnect'))
    const startedAtMs = Date.now()
    nodes[0].realtime.endSession(sessionId, 'session_revoked')
    await nodes[0].realtime.flush()
    expect(await Promise.all(told)).toEqual(sockets.map(() => ({ reason: 'session_revoked' })))
    const reasons = await Promise.all(ended)
    expect(Date.now() - startedAtMs).toBeLessThan(1_000)
    expect(reasons).toEqual(sockets.map(() => 'io server disconnect'))
    expect(bystander.connected).toBe(true)
  })

  it('live on while Redis is away: flush rejects, then works again, and events flow', async () => {
    const redis = keep(await startPrivateRedis())
    const accounts = createAccounts()
    const { nodes } = await startPair(redis.url, accounts)
    const { token } = accounts.signIn('ann')
    const heard = await Promise.all(
      nodes.map(async ({ url }) => eventsOf(await openConnected(url, token), 'deposit:changed')),
    )
    nodes[0].realtime.emit(userRoom('ann'), 'deposit:changed', change(1))
    await nodes[0].realtime.flush()
    await vi.waitFor(() => expect(heard.map((events) => events.length)).toEqual([1, 1]))

    await redis.kill()
    nodes[0].realtime.emit(userRoom('ann'), 'deposit:changed', change(2))
    await expect(nodes[0].realtime.flush()).rejects.toMatchObject({ code: 'service.unavailable' })
    const busyFrom = process.cpuUsage()
    const guest = await openConnected(nodes[0].url, accounts.signIn('bob').token)
    expect(await guest.timeout(2_000).emitWithAck('deposit:watch', { depositId })).toMatchObject({ ok: true })
    await dropConnection(guest)
    guest.connect()
    await next(guest, 'connect')
    nodes[0].realtime.endSession('nobody', 'session_revoked')
    await pause(2_000)
    // The adapter asks again at once when a read fails; that must not keep the processor busy.
    expect(process.cpuUsage(busyFrom).user / 1_000).toBeLessThan(1_000)
    await expect(nodes[0].realtime.flush()).rejects.toMatchObject({ code: 'service.unavailable' })

    await redis.restart()
    await vi.waitFor(() => nodes[0].realtime.flush(), { timeout: 10_000, interval: 50 })
    nodes[0].realtime.emit(userRoom('ann'), 'deposit:changed', change(3))
    await nodes[0].realtime.flush()
    await vi.waitFor(() => expect(heard.map((events) => events.at(-1)?.version)).toEqual([3, 3]), { timeout: 10_000 })
  })

  it('hear the very first event, though it came while they were reconnecting', async () => {
    const redis = keep(await startPrivateRedis())
    const accounts = createAccounts()
    const { nodes } = await startPair(redis.url, accounts)
    const heard = eventsOf(await openConnected(nodes[1].url, accounts.signIn('ann').token), 'deposit:changed')
    await pause(200)
    await redis.kill()
    await pause(1_500)
    await redis.restart()
    const sender = new Redis(redis.url)
    open.push({ [Symbol.asyncDispose]: async () => sender.disconnect() })
    await vi.waitFor(() => nodes[0].realtime.flush(), { timeout: 10_000, interval: 1 })
    // The other node's reader is kept out while the event is sent, whoever of the two reconnects first.
    const readers = String(await sender.client('LIST', 'TYPE', 'NORMAL'))
      .split('\n')
      .filter((line) => / cmd=xread /.test(line))
    for (const reader of readers) await sender.client('KILL', 'ID', / ?id=(\d+)/.exec(reader)![1]!)
    nodes[0].realtime.emit(userRoom('ann'), 'deposit:changed', change(1))
    await nodes[0].realtime.flush()
    await vi.waitFor(() => expect(heard).toHaveLength(1), { timeout: 5_000 })
  })

  it('keep the stream and what it says about connections within bounds', async () => {
    const accounts = createAccounts()
    const { nodes, env } = await startPair(inject('redisUrl') as string, accounts)
    for (let version = 1; version <= 12_000; version++) {
      nodes[0].realtime.emit(userRoom('nobody'), 'deposit:changed', change(version))
      if (version % 1_000 === 0) await nodes[0].realtime.flush()
    }
    const redis = new Redis(inject('redisUrl') as string)
    open.push({ [Symbol.asyncDispose]: async () => redis.disconnect() })
    expect(await redis.xlen(`${env.REDIS_PREFIX}realtime`)).toBeLessThan(10_500)
    expect(await redis.keys(`${env.REDIS_PREFIX}*`)).toEqual([`${env.REDIS_PREFIX}realtime`])
  })

  it('start afresh a client that is too far behind', async () => {
    const accounts = createAccounts()
    const { nodes } = await startPair(inject('redisUrl') as string, accounts)
    const socket = await openConnected(nodes[0].url, accounts.signIn('ann').token)
    const heard = eventsOf(socket, 'deposit:changed')
    nodes[0].realtime.emit(userRoom('ann'), 'deposit:changed', change(1))
    await vi.waitFor(() => expect(heard).toHaveLength(1))
    await dropConnection(socket)
    for (let version = 2; version <= 3_000; version++)
      nodes[0].realtime.emit(userRoom('ann'), 'deposit:changed', change(version))
    await nodes[0].realtime.flush()
    socket.connect()
    await next(socket, 'connect')
    expect(socket.recovered).toBe(false)
  })
})
