import type { Server, Socket as SocketOf } from 'socket.io'
import type { ServerEvents, SocketEndReason } from '#contract'
import type { Actor } from '../../kernel/actor.ts'
import { unsentMessages } from './wire.ts'

type Outgoing = { [K in keyof ServerEvents]: (payload: ServerEvents[K]) => void }
type Incoming = Record<string, (...args: unknown[]) => void>

/** What a socket remembers, also across a recovered connection: plain values only. */
export interface SocketMemory {
  actor: Actor
  /** Set while a recovered socket still has to be sent what it missed: the last event its client saw. */
  resumeFrom?: string
}

export type Gateway = Server<Incoming, Outgoing, Record<string, never>, SocketMemory>
export type GatewaySocket = SocketOf<Incoming, Outgoing, Record<string, never>, SocketMemory>
export type ServerEvent = keyof ServerEvents

export const userRoom = (userId: string) => `user:${userId}`
export const sessionRoom = (sessionId: string) => `session:${sessionId}`
export const staffRoom = 'staff'

/** Rooms that only the gateway itself puts a socket into. */
export function isPrivateRoom(room: string): boolean {
  return room === staffRoom || room.startsWith('user:') || room.startsWith('session:')
}

export const eventPacket = 2
/** Waiting messages after which a client misses droppable events; one that keeps up has none or a few. */
const waitingMessagesMax = 32
const nobody: ReadonlySet<string> = new Set()
/** `volatile: false` is neither droppable nor kept for recovery; `local` leaves other nodes out. */
const thisNodeOnly = { local: true, volatile: false } as const

/**
 * Sends to sockets of this node at once: it is written when the call returns, where `socket.emit` would wait for Redis.
 * An empty set of rooms means everybody. Never stored, so a recovered connection does not get it.
 */
export function emitHere<K extends ServerEvent>(
  io: Gateway,
  rooms: ReadonlySet<string>,
  event: K,
  payload: ServerEvents[K],
  except: ReadonlySet<string> = nobody,
): void {
  const audience = { rooms: rooms as Set<string>, except: except as Set<string>, flags: thisNodeOnly }
  io.sockets.adapter.broadcast({ type: eventPacket, data: [event, payload] }, audience)
}

/** Like `emitHere`, for one room, past those of its sockets that do not keep up. */
export function emitDroppable<K extends ServerEvent>(
  io: Gateway,
  room: string,
  event: K,
  payload: ServerEvents[K],
): void {
  const { adapter, sockets } = io.sockets
  const members = adapter.rooms.get(room)
  if (members === undefined) return
  let clogged: Set<string> | undefined
  for (const id of members) {
    const socket = sockets.get(id)
    if (socket === undefined || unsentMessages(socket.conn) <= waitingMessagesMax) continue
    clogged ??= new Set()
    clogged.add(id)
  }
  emitHere(io, new Set([room]), event, payload, clogged)
}

/** Tells the client why, then ends its socket for good: the client library does not come back by itself. */
export function endSocket(io: Gateway, socket: GatewaySocket, reason: SocketEndReason): void {
  emitHere(io, new Set([socket.id]), 'session:ended', { reason })
  socket.disconnect(true)
}
