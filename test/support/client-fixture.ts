import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { initTRPC, TRPCError } from '@trpc/server'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { type Socket, Server as SocketServer } from 'socket.io'
import * as contract from '#contract'

type Failure = { code: contract.ErrorCode; details?: Record<string, unknown> } | 'hang up' | { hangMs: number }
const trpcCodes = {
  invalid: 'BAD_REQUEST',
  unauthenticated: 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  not_found: 'NOT_FOUND',
  conflict: 'CONFLICT',
  rate_limited: 'TOO_MANY_REQUESTS',
  unavailable: 'SERVICE_UNAVAILABLE',
  internal: 'INTERNAL_SERVER_ERROR',
} as const

class Refusal extends Error {
  readonly body: contract.ErrorBody
  constructor(code: contract.ErrorCode, details: Record<string, unknown> = {}) {
    super(contract.errorTable[code].message)
    this.body = { code, details, requestId: 'request-1' }
  }
}
const refuse = (code: contract.ErrorCode, details?: Record<string, unknown>) => {
  const cause = new Refusal(code, details)
  return new TRPCError({ code: trpcCodes[contract.errorTable[code].kind], message: cause.message, cause })
}

const uuid = (n: number) => `0190a0b1-0000-7000-8000-${String(n).padStart(12, '0')}`
export const user: contract.UserView = {
  id: uuid(1),
  email: 'ana@example.com',
  handle: 'ana',
  displayName: 'Ana',
  roles: ['user'],
  totpEnabled: false,
  createdAt: '2026-01-01T00:00:00.000Z',
}
export const balance = (posted: string, version = 1): contract.BalanceView => ({
  currency: 'IDR',
  posted,
  held: '0',
  available: posted,
  owed: '0',
  version,
})

interface Seen {
  readonly path: string
  readonly token: string | undefined
  readonly header: string | undefined
}

/** A small server that speaks the contract over real HTTP and real sockets, and fails on demand. */
export async function startFixture({ clockOffsetMs = 0 } = {}) {
  const startedMs = Date.now() - performance.now()
  // Of its own monotonic clock, so that a test may fake Date for the client.
  const nowMs = () => startedMs + performance.now() + clockOffsetMs
  const iso = (ms: number) => new Date(ms).toISOString()
  const seen: Seen[] = []
  const failures: { path: string; failure: Failure }[] = []
  const deposits = new Map<string, contract.DepositView>()
  const watched: string[] = []
  const state = {
    generation: 0,
    valid: new Set<string>(),
    refresh: '',
    refreshes: 0,
    accessTtlMs: 600_000,
    refreshMs: 20,
    socketsRefused: false,
    /** What a handshake with a good token is refused with. */
    socketRefusal: null as contract.ErrorCode | null,
    /** Ends every socket right after it connected: by dropping the line, or in words. */
    socketsDropped: null as 'line' | 'server' | null,
    watchesMax: 100,
    callsLimited: 0,
    limitedForMs: 0,
    balances: [balance('100')],
    balancesMs: 0,
  }

  const successors = new Map<string, contract.SessionTokens>()

  function nextSession(): contract.SessionTokens {
    state.generation += 1
    const accessToken = `access-${state.generation}`
    state.valid = new Set([accessToken])
    state.refresh = `refresh-${state.generation}`
    return { accessToken, accessExpiresAt: iso(nowMs() + state.accessTtlMs), refreshToken: state.refresh }
  }

  const t = initTRPC.context<{ token: string | undefined; header: string | undefined; hangUp: () => void }>().create({
    errorFormatter: ({ shape, error }) => ({
      ...shape,
      data: {
        ...shape.data,
        xm:
          error.cause instanceof Refusal
            ? error.cause.body
            : { code: 'input.invalid', details: {}, requestId: 'request-2' },
      },
    }),
  })
  const open = t.procedure.use(async ({ ctx, path, next }) => {
    seen.push({ path, token: ctx.token, header: ctx.header })
    const at = failures.findIndex((planned) => planned.path === path)
    const failure = at < 0 ? null : failures.splice(at, 1)[0]!.failure
    if (failure === 'hang up') ctx.hangUp()
    else if (failure && 'hangMs' in failure) await sleep(failure.hangMs)
    else if (failure) throw refuse(failure.code, failure.details)
    return next()
  })
  const authed = open.use(({ ctx, next }) => {
    if (ctx.token === undefined) throw refuse('auth.required')
    if (!state.valid.has(ctx.token)) throw refuse('auth.token_invalid')
    return next()
  })
  const signedIn = () => ({ user, session: nextSession() })
  const deposit = (id: string, change: Partial<contract.DepositView> = {}): contract.DepositView => ({
    id,
    status: 'pending',
    exception: 'none',
    version: 1,
    amount: { minor: '150000', currency: 'IDR' },
    received: { minor: '0', currency: 'IDR' },
    method: 'va',
    payment: { kind: 'virtual_account', reference: '8808', label: 'Bank' },
    createdAt: iso(nowMs()),
    expiresAt: iso(nowMs() + 60_000),
    settledAt: null,
    serverTime: iso(nowMs()),
    ...change,
  })

  const router = t.router({
    system: t.router({
      info: open.output(contract.SystemInfo).query(() => ({
        version: '1',
        serverTime: iso(nowMs()),
        limits: { bodyMaxBytes: 1, batchMaxCalls: 20, pageMaxItems: 100, socketWatchesMax: 100 },
      })),
    }),
    auth: t.router({
      register: open.input(contract.RegisterInput).output(contract.SignedIn).mutation(signedIn),
      login: open
        .input(contract.LoginInput)
        .output(contract.LoginOutput)
        .mutation(({ input }) => {
          if (input.password === 'wrong') throw refuse('auth.invalid_credentials')
          return input.login === 'totp' ? { totpRequired: true as const, challenge: 'challenge' } : signedIn()
        }),
      completeTotp: open.input(contract.CompleteTotpInput).output(contract.SignedIn).mutation(signedIn),
      refresh: open
        .input(contract.RefreshInput)
        .output(contract.RefreshOutput)
        .mutation(async ({ input }) => {
          state.refreshes += 1
          await sleep(state.refreshMs)
          if (input.refreshToken !== state.refresh && !successors.has(input.refreshToken))
            throw refuse('auth.token_invalid')
          // A repeated refresh gets the same pair again, as within the real server's grace.
          const session = successors.get(input.refreshToken) ?? nextSession()
          successors.set(input.refreshToken, session)
          return { session }
        }),
      logout: authed.output(contract.Done).mutation(() => {
        state.valid.clear()
        return { done: true as const }
      }),
      me: authed.output(contract.MeOutput).query(() => ({ user })),
    }),
    wallet: t.router({
      balances: authed.output(contract.BalancesOutput).query(async () => {
        const { balances } = state
        await sleep(state.balancesMs)
        return { balances }
      }),
      transfer: authed.input(contract.TransferInput).mutation(() => ({ id: uuid(7) })),
    }),
    deposits: t.router({
      create: authed
        .input(contract.CreateDepositInput)
        .output(contract.DepositView)
        .mutation(({ input }) => {
          if (input.amount.minor === '1') throw refuse('deposit.amount_out_of_range', { minMinor: '1000' })
          return deposit(uuid(9), { amount: input.amount })
        }),
      list: authed
        .input(contract.DepositListInput)
        .output(contract.DepositListOutput)
        .query(({ input }) => {
          const from = Number(input.cursor ?? 0)
          const last = Math.min(45, from + input.limit)
          const items = Array.from({ length: last - from }, (_, i) => deposit(uuid(100 + from + i)))
          return { items, nextCursor: last < 45 ? String(last) : null }
        }),
      cancel: authed
        .input(contract.DepositIdInput)
        .output(contract.DepositView)
        .mutation(({ input }) => deposit(input.id)),
    }),
  })

  const handle = createHTTPHandler({
    router,
    basePath: '/trpc/',
    createContext: ({ req }) => ({
      token: req.headers.authorization?.replace('Bearer ', ''),
      header: req.headers['x-xm-client'] as string | undefined,
      hangUp: () => req.socket.destroy(),
    }),
  })
  const raw: { answer: { status: number; headers: Record<string, string>; body: string } | null } = { answer: null }
  const http = createServer((req, res) => {
    const { answer } = raw
    raw.answer = null
    if (answer) res.writeHead(answer.status, answer.headers).end(answer.body)
    else handle(req, res)
  })
  const io = new SocketServer(http, { pingInterval: 25_000 })
  const handshakes: unknown[] = []
  io.use((socket, next) => {
    const { token } = socket.handshake.auth
    handshakes.push(token)
    const isGood = state.valid.has(token) && !state.socketsRefused
    if (isGood && state.socketRefusal === null) return next()
    const code = isGood ? state.socketRefusal! : token ? 'auth.token_invalid' : 'auth.required'
    next(Object.assign(new Error(code), { data: { code, details: {}, requestId: 'request-3' } }))
  })
  const snapshot = (id: string) => {
    const found = deposits.get(id)
    return found && { ...found, serverTime: iso(nowMs()) }
  }
  const refusal = (code: contract.ErrorCode, details?: Record<string, unknown>) => ({
    ok: false,
    error: { message: contract.errorTable[code].message, ...new Refusal(code, details).body },
  })
  io.on('connection', (socket: Socket) => {
    if (state.socketsDropped === 'line') socket.conn.close()
    if (state.socketsDropped === 'server') socket.disconnect(true)
    const joined = new Set<string>()
    /** Null once it is watched. */
    function refuseWatch(id: string): 'deposit.not_found' | 'socket.too_many_watches' | null {
      if (!deposits.has(id)) return 'deposit.not_found'
      if (!joined.has(id) && joined.size >= state.watchesMax) return 'socket.too_many_watches'
      joined.add(id)
      return null
    }
    socket.on('deposit:watch', ({ depositId }, ack) => {
      watched.push(`watch ${depositId}`)
      if (state.callsLimited-- > 0) return ack(refusal('rate.limited', { retryAfterMs: state.limitedForMs }))
      const code = refuseWatch(depositId)
      ack(code === null ? { ok: true, value: snapshot(depositId) } : refusal(code))
    })
    socket.on('deposit:unwatch', ({ depositId }, ack) => {
      watched.push(`unwatch ${depositId}`)
      joined.delete(depositId)
      ack({ ok: true, value: { depositId } })
    })
    socket.on('resume', (input, ack) => {
      const { success, data } = contract.ResumeInput.safeParse(input)
      if (!success) return ack(refusal('input.invalid'))
      const { depositIds } = data
      watched.push(`resume ${depositIds.length}`)
      if (state.callsLimited-- > 0) return ack(refusal('rate.limited', { retryAfterMs: state.limitedForMs }))
      const refused = depositIds.flatMap((depositId) => {
        const code = refuseWatch(depositId)
        return code === null ? [] : [{ depositId, code, message: contract.errorTable[code].message, details: {} }]
      })
      const found = depositIds.filter((id) => joined.has(id)).map(snapshot)
      const { balances } = state
      ack({ ok: true, value: { deposits: found, refused, balances, serverTime: iso(nowMs()) } })
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')

  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    state,
    seen,
    watched,
    handshakes,
    deposits,
    uuid,
    nowMs,
    iso,
    raw,
    deposit,
    /** Makes and keeps a deposit that sockets can watch. */
    put(n: number, change: Partial<contract.DepositView> = {}) {
      const view = deposit(uuid(n), change)
      deposits.set(view.id, view)
      return view
    },
    fail: (path: string, ...planned: Failure[]) => failures.push(...planned.map((failure) => ({ path, failure }))),
    push<E extends keyof contract.ServerEvents>(event: E, payload: contract.ServerEvents[E]) {
      io.emit(event, payload)
    },
    expireAccess: () => state.valid.clear(),
    /** Cuts every connection as a failing network does: without a word. */
    cut() {
      for (const socket of io.sockets.sockets.values()) socket.conn.transport.close()
      for (const socket of io.sockets.sockets.values()) socket.conn.close(true)
    },
    endSockets(reason: contract.SocketEndReason) {
      io.emit('session:ended', { reason })
      setTimeout(() => io.disconnectSockets(true), 10)
    },
    sockets: () => io.sockets.sockets.size,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      await io.close()
    },
  }
}

export type Fixture = Awaited<ReturnType<typeof startFixture>>

/** Waits until `check` holds; fails with what it last threw or saw. */
export async function until(check: () => unknown, timeoutMs = 5_000): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!check()) {
    if (performance.now() > endMs) throw new Error(`never held: ${check}`)
    await sleep(5)
  }
}
