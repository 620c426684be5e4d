import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Socket } from 'socket.io'

type Connection = Socket['conn']

/** The parts of engine.io and ws that hold unsent bytes. Their types hide them. */
interface Wire {
  readonly writeBuffer: readonly { readonly data?: string | Uint8Array }[]
  readonly transport: {
    /** The WebSocket; absent while polling. */
    readonly socket?: {
      readonly bufferedAmount: number
      readonly readyState: number
      terminate(): void
    } & NodeJS.EventEmitter
    /** Ends a polling transport that waits for its client's next request. */
    readonly shouldClose?: (() => void) | null
  }
}

const wireOf = (connection: Connection) => connection as unknown as Wire
const webSocketClosed = 3

/** Bytes written for this client that have not left the process. */
export function unsentBytes(connection: Connection): number {
  const { writeBuffer, transport } = wireOf(connection)
  let bytes = transport.socket?.bufferedAmount ?? 0
  for (const { data } of writeBuffer) bytes += data?.length ?? 0
  return bytes
}

/** Messages that wait for the transport to become free. Cheaper than the bytes. */
export function unsentMessages(connection: Connection): number {
  return wireOf(connection).writeBuffer.length
}

/** Ends the connection without waiting for anything to be sent or answered. */
export function cutOff(connection: Connection): void {
  const { socket, shouldClose } = wireOf(connection).transport
  if (socket !== undefined) socket.terminate()
  else if (typeof shouldClose === 'function') shouldClose()
  else connection.close(true)
}

/** Closes connections in order, so that what was written arrives; cuts off those that take longer than `graceMs`. */
export async function closeConnections(connections: readonly Connection[], graceMs: number): Promise<void> {
  const closed = connections.map((connection) => {
    const { socket } = wireOf(connection).transport
    const over = connection.readyState === 'closed' || socket?.readyState === webSocketClosed
    const end = over ? Promise.resolve() : once(socket ?? connection, 'close')
    connection.close()
    return end
  })
  const timer = new AbortController()
  await Promise.race([Promise.allSettled(closed), pause(graceMs, undefined, { signal: timer.signal }).catch(() => {})])
  timer.abort()
  for (const connection of connections) cutOff(connection)
}
