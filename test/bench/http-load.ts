import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface LoadFigures {
  readonly perSecond: number
  readonly latenciesMs: readonly number[]
  /** Share of one core that this process, the generator, was busy. Near 1 it is what limits the figures. */
  readonly generatorBusy: number
}

interface Load {
  readonly url: string
  /** A whole HTTP request as it goes over the wire, for the connection's nth request. */
  readonly request: (index: number) => Buffer
  readonly connections: number
  readonly forMs: number
  /** How many requests all connections send together, at even distances; as fast as answers come where absent. */
  readonly perSecond?: number
}

const headerEnd = Buffer.from('\r\n\r\n')

/**
 * Keeps one request under way on each connection, or sends them at a steady pace; then latency counts from when a request
 * was due, so that a server that stalls is not spared the requests of that time. It knows just enough HTTP to see where an answer ends: a full client
 * would need more time for a request than a bare server does. Throws at any answer other than 200.
 */
export async function loadHttp({ url, request, connections, forMs, perSecond }: Load): Promise<LoadFigures> {
  const { hostname, port } = new URL(url)
  const sockets = Array.from({ length: connections }, () => connect(Number(port), hostname).setNoDelay(true))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const latenciesMs: number[] = []
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  const endsAt = startedAt + forMs
  let asked = 0
  const paceMs = perSecond === undefined ? null : (connections * 1000) / perSecond
  await Promise.all(
    sockets.map((socket, index) => {
      const dueAt = startedAt + ((paceMs ?? 0) * index) / connections
      return drive(socket, () => request(asked++), { dueAt, paceMs, endsAt }, latenciesMs)
    }),
  )
  const elapsedMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpu)
  for (const socket of sockets) socket.destroy()
  return {
    perSecond: (latenciesMs.length * 1000) / elapsedMs,
    latenciesMs,
    generatorBusy: (user + system) / 1000 / elapsedMs,
  }
}

interface Pace {
  /** When the first request is due. */
  readonly dueAt: number
  readonly paceMs: number | null
  readonly endsAt: number
}

function drive(
  socket: Socket,
  request: () => Buffer,
  { dueAt, paceMs, endsAt }: Pace,
  latenciesMs: number[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    let received: Buffer | null = null
    let countsFrom = dueAt
    const send = () => socket.write(request())
    const sendWhenDue = () => {
      const now = performance.now()
      countsFrom = paceMs === null ? now : countsFrom + paceMs
      if (countsFrom <= now) send()
      else setTimeout(send, countsFrom - now)
    }
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server hung up')))
    socket.on('data', (chunk) => {
      received = received === null ? chunk : Buffer.concat([received, chunk])
      const length = answerLength(received)
      if (length === null || received.length < length) return
      if (received.toString('latin1', 9, 12) !== '200') return reject(new Error(received.toString('latin1', 0, 2000)))
      const now = performance.now()
      latenciesMs.push(now - countsFrom)
      received = null
      if (now >= endsAt) resolve()
      else sendWhenDue()
    })
    setTimeout(send, dueAt - performance.now())
  })
}

/** Bytes of the answer that begins here, or null while its header has not come in. */
function answerLength(received: Buffer): number | null {
  const headerLength = received.indexOf(headerEnd)
  if (headerLength < 0) return null
  const header = received.toString('latin1', 0, headerLength)
  const length = /\r\ncontent-length: (\d+)/i.exec(header)?.[1]
  if (length !== undefined) return headerLength + 4 + Number(length)
  const lastChunk = received.indexOf('\r\n0\r\n\r\n', headerLength)
  return lastChunk < 0 ? null : lastChunk + 7
}

/** The request as bytes, with the headers that the product's own client sends. */
export function requestBytes(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body = '',
): Buffer {
  const lines = Object.entries({ host: '127.0.0.1', connection: 'keep-alive', accept: '*/*', ...headers })
  const length = method === 'GET' ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}${length}\r\n${body}`)
}
