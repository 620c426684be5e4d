import { randomBytes } from 'node:crypto'
import { eventPacket, type Gateway, type GatewaySocket, type SocketMemory } from './sockets.ts'

interface KeptSession {
  readonly sid: string
  readonly missedPackets: readonly unknown[]
  readonly data: SocketMemory
}

/** What the library's types hide: its adapters' recovery, and the sockets whose handshake is under way. */
interface Inner {
  readonly sockets: ReadonlyMap<string, unknown>
  readonly _preConnectSockets: ReadonlyMap<string, unknown>
  readonly adapter: {
    restoreSession(pid: string, offset: string): Promise<KeptSession | null>
    persistSession(session: Omit<KeptSession, 'missedPackets'>): void
  }
}

export interface Recovery {
  /** Sends a socket that was recovered and admitted what it missed. */
  replay(socket: GatewaySocket): Promise<void>
}

/**
 * Holds back what a recovered connection missed until it is admitted. The library writes it to the wire before any
 * middleware has run, so a revoked session would still hear what happened since; and what comes in while the
 * middlewares run would be lost.
 */
export function holdBackMissedEvents(io: Gateway): Recovery {
  const { adapter, sockets, _preConnectSockets: joining } = io.sockets as unknown as Inner
  const restore = adapter.restoreSession.bind(adapter)

  adapter.restoreSession = async (pid, offset) => {
    const session = await restore(pid, offset)
    // Two sockets under one id would take each other's rooms away.
    if (!session || sockets.has(session.sid) || joining.has(session.sid)) return null
    const { missedPackets: _, ...kept } = session
    adapter.persistSession(kept)
    return { ...kept, missedPackets: [], data: { ...kept.data, resumeFrom: offset } }
  }

  async function missedBy(socket: GatewaySocket, offset: string): Promise<readonly unknown[]> {
    const { pid } = socket as unknown as { readonly pid: string }
    const session = await restore(pid, offset)
    if (!session) throw new Error('what was missed is not known any more')
    return session.missedPackets
  }

  return {
    async replay(socket) {
      const { resumeFrom } = socket.data
      if (resumeFrom === undefined) return
      delete socket.data.resumeFrom
      try {
        const writable = socket as unknown as { packet(packet: { type: number; data: unknown }): void }
        for (const data of await missedBy(socket, resumeFrom)) writable.packet({ type: eventPacket, data })
      } catch {
        // The client was told that it is recovered: let it connect afresh rather than believe that it missed nothing.
        socket.conn.close()
      }
    },
  }
}

/** Makes a socket that took over somebody else's connection a fresh one, for itself and for its client. */
export function forgetRecovery(socket: GatewaySocket): void {
  for (const room of socket.rooms) void socket.leave(room)
  delete socket.data.resumeFrom
  Object.assign(socket, { recovered: false, pid: randomBytes(15).toString('base64url') })
}
