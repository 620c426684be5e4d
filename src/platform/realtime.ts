import type { Server as HttpServer } from 'node:http'
import type { Redis } from 'ioredis'
import { Server } from 'socket.io'
import type { ServerEvents, SocketEndReason } from '#contract'
import type { Actor } from '../kernel/actor.ts'
import { assert } from '../kernel/assert.ts'
import type { RateLimit } from './cache/rate-limit.ts'
import type { Config } from './config.ts'
import { socketPath } from './http/socket-upgrades.ts'
import type { Logger } from './log.ts'
import { trackAccounts } from './realtime/accounts.ts'
import { guardEntrance, joinOwnRooms } from './realtime/admission.ts'
import { answerCalls, asCallSocket, type CallHandlers, type CallSocket } from './realtime/calls.ts'
import { admitConnections } from './realtime/connections.ts'
import { noMeter, type RealtimeMeter } from './realtime/meter.ts'
import { holdBackMissedEvents } from './realtime/recovery.ts'
import { trackSessions } from './realtime/sessions.ts'
import {
  emitDroppable,
  emitHere,
  endSocket,
  type Gateway,
  type GatewaySocket,
  type ServerEvent,
  sessionRoom,
} from './realtime/sockets.ts'
import { openStreams } from './realtime/streams.ts'
import { guardTransports } from './realtime/transport-guard.ts'
import { closeConnections, cutOff, unsentBytes } from './realtime/wire.ts'

export type { CallHandlers, CallSocket } from './realtime/calls.ts'
export type { RealtimeMeter } from './realtime/meter.ts'
export { staffRoom, userRoom } from './realtime/sockets.ts'

export type RealtimeConfig = Pick<
  Config,
  | 'CORS_ORIGINS'
  | 'REDIS_PREFIX'
  | 'STAFF_TOTP'
  | 'TRUST_PROXY'
  | 'SOCKETS_PER_SESSION_MAX'
  | 'SOCKETS_PER_USER_MAX'
  | 'SOCKET_MESSAGES_PER_SECOND'
  | 'SOCKET_PAYLOAD_MAX_BYTES'
  | 'SOCKET_BUFFER_MAX_BYTES'
  | 'SOCKET_RESUME_MAX_MS'
>

export interface RealtimeDeps {
  /** Neither started nor closed here. */
  readonly httpServer: HttpServer
  readonly config: RealtimeConfig
  /** Duplicated, never used itself. Null: this process is the only node. */
  readonly redis: Redis | null
  /** Resolves to null when the token is not valid; a DomainError it throws becomes the refusal. */
  readonly authenticate: (token: string) => Promise<Actor | null>
  /**
   * Asked when a socket has joined, and every few seconds from then on; a token that merely ran out ends no socket. It
   * must look anew: with an answer from before the question a socket could outlive its session.
   */
  readonly isSessionLive: (sessionId: string) => Promise<boolean>
  /** By account and by network, as for calls over HTTP. */
  readonly actorLimit: Pick<RateLimit, 'consume'>
  readonly addressLimit: Pick<RateLimit, 'consume'>
  readonly handlers: CallHandlers
  readonly onConnected?: (connected: { readonly actor: Actor; readonly socket: CallSocket }) => void
  /** A room got its first socket on this node, by a handler or by a recovered connection; or lost its last. */
  readonly onRoomOpened?: (room: string) => void
  readonly onRoomEmptied?: (room: string) => void
  /** An event leaves for a socket of this node, whichever node it comes from; called once a socket. */
  readonly onSent?: (event: string, payload: unknown) => void
  readonly log: Logger
  readonly meter?: Partial<RealtimeMeter>
}

export interface Realtime extends AsyncDisposable {
  /** Sends to everybody in the rooms, on every node, each once. While Redis is away nothing is sent and `flush` rejects. */
  emit<K extends ServerEvent>(rooms: string | readonly string[], event: K, payload: ServerEvents[K]): void
  /** Sends to a room's sockets on this node, past Redis; a client that cannot keep up misses it. */
  emitLocal<K extends ServerEvent>(room: string, event: K, payload: ServerEvents[K]): void
  /** Resolves once everything emitted is beyond this process. Throws `service.unavailable` when it is not. */
  flush(): Promise<void>
  /** Tells the sockets of the session, on every node, and ends them. Those of this node are gone when it returns. */
  endSession(sessionId: string, reason: SocketEndReason): void
  hasLocal(room: string): boolean
  socketCount(): number
  /** Tells every socket of this node why it goes, and leaves nothing open. The HTTP server stays. */
  close(reason?: SocketEndReason): Promise<void>
}

const connectTimeoutMs = 5_000
const pingIntervalMs = 20_000
const pingTimeoutMs = 15_000
const backlogCheckMs = 1_000
/** How long an ended socket has to take what was written for it. */
const closingGraceMs = 2_000

/** Starts the Socket.IO gateway on the HTTP server. It knows rooms, sessions and the contract, and no business. */
export function createRealtime(deps: RealtimeDeps): Realtime {
  const { httpServer, config, redis, log, handlers, actorLimit, onConnected, onRoomOpened, onRoomEmptied, onSent } =
    deps
  const meter: RealtimeMeter = { ...noMeter, ...deps.meter }
  const streams = redis === null ? null : openStreams({ redis, prefix: config.REDIS_PREFIX, log })
  let closing: Promise<void> | null = null
  const entrance = { isClosing: () => closing !== null, refused: meter.socketRefused }

  const io: Gateway = new Server(httpServer, {
    path: socketPath,
    serveClient: false,
    transports: ['websocket', 'polling'],
    perMessageDeflate: false,
    maxHttpBufferSize: config.SOCKET_PAYLOAD_MAX_BYTES,
    connectTimeout: connectTimeoutMs,
    pingInterval: pingIntervalMs,
    pingTimeout: pingTimeoutMs,
    ...(config.CORS_ORIGINS.length > 0 && { cors: { origin: [...config.CORS_ORIGINS] } }),
    ...(config.SOCKET_RESUME_MAX_MS > 0 && {
      connectionStateRecovery: { maxDisconnectionDuration: config.SOCKET_RESUME_MAX_MS, skipMiddlewares: false },
    }),
    ...(streams !== null && { adapter: streams.adapter }),
  })
  const { adapter } = io.sockets
  const recovery = holdBackMissedEvents(io)
  const accounts = trackAccounts(config.SOCKETS_PER_USER_MAX)
  const sessions = trackSessions({
    socketsPerSessionMax: config.SOCKETS_PER_SESSION_MAX,
    isSessionLive: deps.isSessionLive,
    ended: (sessionId) => endSession(sessionId, 'session_revoked'),
    log,
  })

  admitConnections(io, { ...entrance, addressLimit: deps.addressLimit, trustProxy: config.TRUST_PROXY })
  guardTransports(io, { packetsPerSecond: config.SOCKET_MESSAGES_PER_SECOND, ended: meter.socketEnded })
  guardEntrance(io, {
    ...entrance,
    authenticate: deps.authenticate,
    staffTotpRequired: config.STAFF_TOTP === 'required',
    log,
  })
  io.engine.on('connection', hastenEnd)
  const backlogTimer = setInterval(endSlowConsumers, backlogCheckMs).unref()
  if (onRoomOpened) adapter.on('create-room', onRoomOpened)
  if (onRoomEmptied) adapter.on('delete-room', onRoomEmptied)

  io.on('connection', (socket) => {
    meter.socketAdmitted()
    joinOwnRooms(socket)
    socket.on('disconnect', () => {
      sessions.remove(socket)
      accounts.remove(socket)
      meter.socketClosed()
    })
    for (const surplus of new Set([...sessions.add(socket), ...accounts.add(socket)])) end(surplus, 'too_many_sockets')
    answerCalls(socket, { handlers, messagesPerSecond: config.SOCKET_MESSAGES_PER_SECOND, actorLimit, meter, log })
    void recovery.replay(socket)
    if (onSent) socket.onAnyOutgoing(onSent)
    onConnected?.({ actor: socket.data.actor, socket: asCallSocket(socket) })
  })

  /** The library gives a peer half a minute to confirm the end; one that vanished or plays dead gets less. */
  function hastenEnd(connection: GatewaySocket['conn']): void {
    connection.once('close', () => void setTimeout(() => cutOff(connection), closingGraceMs).unref())
  }

  function end(socket: GatewaySocket, reason: SocketEndReason): void {
    const { conn } = socket
    meter.socketEnded(reason)
    endSocket(io, socket, reason)
    setTimeout(() => cutOff(conn), closingGraceMs).unref()
  }

  function endSlowConsumers(): void {
    for (const socket of io.sockets.sockets.values()) {
      if (unsentBytes(socket.conn) > config.SOCKET_BUFFER_MAX_BYTES) end(socket, 'slow_consumer')
    }
  }

  function endSession(sessionId: string, reason: SocketEndReason): void {
    for (const socket of sessions.socketsOf(sessionId)) end(socket, reason)
    if (streams === null || !streams.accepts()) return
    const elsewhere = io.in(sessionRoom(sessionId))
    elsewhere.emit('session:ended', { reason })
    elsewhere.disconnectSockets(true)
  }

  async function shutDown(reason: SocketEndReason): Promise<void> {
    clearInterval(backlogTimer)
    await sessions[Symbol.asyncDispose]()
    emitHere(io, new Set(), 'session:ended', { reason })
    // The connection closes, not the socket: clients come back by themselves, and another node recovers them.
    const { clients } = io.engine as unknown as { readonly clients: Readonly<Record<string, GatewaySocket['conn']>> }
    await closeConnections(Object.values(clients), closingGraceMs)
    await streams?.flush().catch(() => {})
    await adapter.close()
    io.engine.close()
    streams?.[Symbol.dispose]()
  }

  function close(reason: SocketEndReason = 'server_shutdown'): Promise<void> {
    closing ??= shutDown(reason)
    return closing
  }

  return {
    emit(rooms, event, payload) {
      assert(rooms.length > 0, 'an event has an audience: no room would mean everybody')
      if (streams !== null && !streams.accepts()) return
      const audience: { emit(name: string, payload: unknown): void } = io.to(rooms as string | string[])
      audience.emit(event, payload)
    },
    emitLocal: (room, event, payload) => emitDroppable(io, room, event, payload),
    flush: async () => streams?.flush(),
    endSession,
    hasLocal: (room) => adapter.rooms.has(room),
    socketCount: () => io.sockets.sockets.size,
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}
