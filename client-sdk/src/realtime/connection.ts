import { io, type Socket } from 'socket.io-client'
import type { ServerEvents } from '../api.ts'
import type { ClientEvents } from '../contract/events.ts'
import { isXmError, networkError, refusalError, type XmError } from '../errors.ts'
import { backoffMs } from '../retry.ts'
import type { SessionStore } from '../session.ts'
import { type Listeners, listeners, type Subscription, subscription } from '../subscription.ts'
import type { RealtimeStatus } from './surface.ts'

export interface Connection {
  readonly status: RealtimeStatus
  readonly statuses: Listeners<RealtimeStatus>
  /** Refusals after which the connection stays away. */
  readonly failures: Listeners<XmError>
  /** Keeps the connection open until stopped. */
  hold(): Subscription
  open(): void
  close(): void
  /** Drops a connection that no longer answers and makes a new one. */
  restart(): void
  on<E extends keyof ServerEvents>(event: E, listener: (payload: ServerEvents[E]) => void): Subscription
  /** Rejects with XmError: the server's refusal, or a network error. */
  request<E extends keyof ClientEvents>(event: E, input: ClientEvents[E]['input']): Promise<ClientEvents[E]['output']>
}

interface ConnectionDeps {
  readonly url: URL
  readonly version: string
  readonly session: SessionStore
  readonly apiKey: string | undefined
  readonly ackTimeoutMs: number
  readonly backoffMaxMs: number
}

type Ack = { ok: true; value: unknown } | { ok: false; error: { message?: unknown } }

/** A connection nobody uses is kept this long: whoever left often comes back at once. */
const lingerMs = 500
const backoffFirstMs = 500
/** Only a connection that lasted this long ends the growing of the pauses. */
const steadyMs = 5_000

export function createConnection(deps: ConnectionDeps): Connection {
  const { url, session, apiKey, backoffMaxMs } = deps
  const statuses = listeners<RealtimeStatus>()
  const failures = listeners<XmError>()
  const events = listeners<[event: string, payload: unknown]>()
  let status: RealtimeStatus = 'idle'
  let socket: Socket | null = null
  let holds = 0
  let pinned = false
  let parked = false
  let retries = 0
  /** On the monotonic clock; infinite while it does not count. */
  let connectedAtMs = Number.POSITIVE_INFINITY
  let renewed = false
  let token: string | null = null
  let lingering: ReturnType<typeof setTimeout> | undefined
  let retrying: ReturnType<typeof setTimeout> | undefined
  let sessionChanges: Subscription | null = null

  const isWanted = () => !parked && (pinned || holds > 0)

  function become(next: RealtimeStatus): void {
    if (status === next) return
    status = next
    statuses.emit(next)
  }

  function open(): void {
    sessionChanges ??= session.changes.add((change) => (change.type === 'signed_in' ? startOver() : shut('closed')))
    // What waits for its next try goes on waiting: whoever comes must not wear out a server in trouble.
    if (socket || retrying !== undefined) return
    if (status !== 'reconnecting') become('connecting')
    const mine = io(url.origin, {
      path: `${url.pathname.replace(/\/$/, '')}/socket.io`,
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      multiplex: false,
      // The library would start its pauses anew at every connection, however short.
      reconnection: false,
      auth: (send) => void authenticate().then(send),
    })
    socket = mine
    const current = (handle: () => void) => mine === socket && handle()
    mine.on('connect', () =>
      current(() => {
        connectedAtMs = performance.now()
        renewed = false
        become('connected')
      }),
    )
    mine.on('connect_error', (error) =>
      current(() => {
        become('reconnecting')
        // Active: the network failed. Otherwise the server said no.
        if (mine.active) retryLater(null)
        else void refused(handshakeError(error))
      }),
    )
    mine.on('disconnect', () =>
      current(() => {
        become('reconnecting')
        // The same socket knows what it heard last, and can be sent what it missed; one that the server ended cannot.
        if (mine.active) retryLater(null)
        else reopenLater(null)
      }),
    )
    mine.on('session:ended', (payload: ServerEvents['session:ended']) => current(() => ended(payload.reason)))
    mine.onAny((event: string, payload: unknown) => current(() => events.emit([event, payload])))
  }

  async function authenticate(): Promise<object> {
    // Out of reach for a renewal: the handshake will fail for the same cause and be tried again.
    token = apiKey ?? (await session.accessToken().catch(() => null))
    return { token, client: deps.version }
  }

  /** A new socket each time: nothing of the old one (buffers, acks, timers) may come along. */
  function discard(): void {
    clearTimeout(retrying)
    retrying = undefined
    const old = socket
    socket = null
    old?.off()
    old?.disconnect()
  }

  function shut(as: 'idle' | 'closed'): void {
    discard()
    become(as)
  }

  function reopen(): void {
    discard()
    if (isWanted()) open()
  }

  /** Somebody signed in, perhaps somebody else. */
  function startOver(): void {
    if (isWanted()) become('connecting')
    reopen()
  }

  function reopenLater(askedMs: number | null): void {
    discard()
    retryLater(askedMs)
  }

  function retryLater(askedMs: number | null): void {
    if (retrying !== undefined) return
    if (performance.now() - connectedAtMs > steadyMs) retries = 0
    connectedAtMs = Number.POSITIVE_INFINITY
    retrying = setTimeout(retry, askedMs ?? backoffMs(retries++, backoffFirstMs, backoffMaxMs))
  }

  function retry(): void {
    retrying = undefined
    if (socket && isWanted()) socket.connect()
    else reopen()
  }

  function fail(error: XmError): void {
    shut('closed')
    failures.emit(error)
  }

  async function refused(error: XmError): Promise<void> {
    const refusedSocket = socket
    if (error.code === 'auth.token_invalid' && token !== null && token !== apiKey && !renewed) {
      renewed = true
      const next = await session.renew(token).catch(() => token)
      if (next === null) return fail(error)
      // Closed, or begun anew with another session, in the meantime.
      if (socket !== refusedSocket) return
      return next === token ? reopenLater(null) : reopen()
    }
    if (error.kind === 'unauthenticated' || error.kind === 'forbidden') return fail(error)
    reopenLater(error.retryAfterMs)
  }

  function ended(reason: ServerEvents['session:ended']['reason']): void {
    if (reason === 'session_revoked') {
      shut('closed')
      void session.signOut('session_revoked')
    } else if (reason === 'too_many_sockets') {
      // Coming back would push out another of the user's sockets, which would come back as well.
      fail(refusalError({ body: { code: 'rate.limited' }, message: 'Too many connections' }))
    } else {
      become('reconnecting')
      reopenLater(null)
    }
  }

  function releaseWhenIdle(): void {
    if (holds > 0 || pinned) return
    clearTimeout(lingering)
    lingering = setTimeout(() => {
      shut('idle')
      sessionChanges?.stop()
      sessionChanges = null
    }, lingerMs)
  }

  return {
    get status() {
      return status
    },
    statuses,
    failures,
    hold() {
      clearTimeout(lingering)
      holds += 1
      if (!parked) open()
      return subscription(() => {
        holds -= 1
        releaseWhenIdle()
      })
    },
    open() {
      clearTimeout(lingering)
      pinned = true
      parked = false
      open()
    },
    close() {
      clearTimeout(lingering)
      pinned = false
      parked = true
      shut('closed')
      sessionChanges?.stop()
      sessionChanges = null
    },
    restart() {
      if (socket === null) return
      become('reconnecting')
      reopen()
    },
    on(event, listener) {
      return events.add(([name, payload]) => name === event && listener(payload as ServerEvents[typeof event]))
    },
    async request(event, input) {
      const mine = socket
      if (!mine?.connected) throw unreachable()
      const ack: Ack = await mine
        .timeout(deps.ackTimeoutMs)
        .emitWithAck(event, input)
        .catch((cause) => {
          // A connection that goes gives up its questions at once; it is on its way back already.
          if (!mine.connected) throw unreachable(cause)
          throw networkError('network.timeout', 'The realtime connection does not answer', cause)
        })
      if (!ack.ok) throw refusalError({ ...ack.error, body: ack.error })
      return ack.value as ClientEvents[typeof event]['output']
    },
  }
}

const unreachable = (cause?: unknown) => networkError('network.unreachable', 'The realtime connection is down', cause)

/** A refusal in the handshake: the server puts `{ code, details, requestId }` in the error's `data`. */
function handshakeError(error: Error & { data?: unknown }): XmError {
  if (isXmError(error)) return error
  const body = (error.data ?? {}) as { code?: unknown }
  return refusalError({ message: error.message, body: { code: error.message, ...body }, cause: error })
}
