import type { IncomingMessage } from 'node:http'
import { createFloodGate } from './message-meter.ts'
import type { Gateway } from './sockets.ts'

/** What the library's types hide: how it makes a transport, and what one is. */
interface Engine {
  createTransport(name: string, request: IncomingMessage): Transport
}

interface Transport extends NodeJS.EventEmitter {
  /** The WebSocket; absent while polling. */
  readonly socket?: NodeJS.EventEmitter & { terminate(): void }
  /** Closes the connection that it belongs to. */
  onError(message: string): void
}

interface Packet {
  readonly type: string
  readonly data?: unknown
}

interface TransportGuard {
  readonly packetsPerSecond: number
  readonly ended: (reason: 'flood' | 'binary') => void
}

/**
 * Watches every transport from its first frame, also one that a connection is only about to change to. Whatever is sent
 * counts: messages, heartbeats, and the pings and pongs of WebSocket itself, which cost as much and reach nobody.
 */
export function guardTransports(io: Gateway, { packetsPerSecond, ended }: TransportGuard): void {
  const engine = io.engine as unknown as Engine
  const create = engine.createTransport.bind(engine)

  engine.createTransport = (name, request) => {
    const transport = create(name, request)
    const gate = createFloodGate(packetsPerSecond)
    let isOver = false

    function end(reason: 'flood' | 'binary'): void {
      if (isOver) return
      isOver = true
      ended(reason)
      transport.onError(reason)
      transport.socket?.terminate()
    }
    function count(): void {
      if (gate.isFlooded()) end('flood')
    }
    transport.on('packet', (packet: Packet) => (isBinary(packet) ? end('binary') : count()))
    for (const frame of ['ping', 'pong']) transport.socket?.on(frame, count)
    return transport
  }
}

const binaryEvent = '5'
const binaryAck = '6'

/** No event has a binary part, and the library keeps those of an unfinished one for as long as the connection lasts. */
function isBinary({ type, data }: Packet): boolean {
  if (type !== 'message') return false
  return typeof data !== 'string' || data.startsWith(binaryEvent) || data.startsWith(binaryAck)
}
