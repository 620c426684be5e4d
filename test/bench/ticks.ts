import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { pino } from 'pino'
import { io as connect, type Socket } from 'socket.io-client'
import type { DepositView, ServerEvents } from '#contract'
import { createDepositTicker } from '../../src/payments/adapters/realtime/deposit-ticker.ts'
import { readConfig } from '../../src/platform/config.ts'
import { createRealtime } from '../../src/platform/realtime.ts'
import { quantile } from './figures.ts'

export interface TickFigures {
  readonly sockets: number
  readonly deposits: number
  /** Made by the ticker, received by the clients, and how many should have been. */
  readonly ticksMadePerSecond: number
  readonly ticksPerSecond: number
  readonly ticksExpectedPerSecond: number
  /** From the whole second of remaining time to the client's handler; up to 20 ms of it is the slot. */
  readonly latenessP50Ms: number
  readonly latenessP99Ms: number
  readonly latenessMaxMs: number
  /** Of one core, the server's process alone. */
  readonly cpuPercent: number
  readonly heapBytesPerSocket: number
  readonly residentBytesPerSocket: number
}

interface TickLoad {
  readonly sockets: number
  readonly depositsPerSocket: number
  readonly seconds: number
}

interface Received {
  readonly latenessMs: readonly number[]
  readonly elapsedMs: number
}

const clientsArgument = 'tick-clients'
const ttlMs = 900_000
const noLimit = { consume: async () => {} }

/** Sockets that watch deposits, all on this process; the clients run in another one. Takes about `seconds` + 15 s. */
export async function benchTicks({ sockets, depositsPerSocket, seconds }: TickLoad): Promise<TickFigures> {
  const httpServer = createServer().listen(0, '127.0.0.1')
  await once(httpServer, 'listening')
  let made = 0
  const ticker = createDepositTicker({
    clock: { now: () => new Date() },
    emit(id, tick) {
      made++
      realtime.emitLocal(`deposit:${id}`, 'deposit:timer', tick)
    },
  })
  const realtime = createRealtime({
    httpServer,
    redis: null,
    config: readConfig({}),
    actorLimit: noLimit,
    addressLimit: noLimit,
    authenticate: async (token) => ({ userId: token, sessionId: token, roles: ['user'], totp: false }),
    isSessionLive: async () => true,
    handlers: {
      'deposit:watch': async ({ input: { depositId }, socket }) => {
        const expiresAt = new Date(Date.now() + ttlMs + Math.floor(Math.random() * 1000))
        socket.join(`deposit:${depositId}`)
        ticker.watch({ id: depositId, status: 'pending', expiresAt })
        return viewOf(depositId, expiresAt)
      },
      'deposit:unwatch': async ({ input }) => input,
      resume: async () => ({ deposits: [], refused: [], balances: [], serverTime: new Date().toISOString() }),
      'logs:subscribe': async () => ({ sources: [], serverTime: new Date().toISOString() }),
      'logs:unsubscribe': async () => ({}),
    },
    log: pino({ level: 'silent' }),
  })
  const before = measureMemory()
  const { port } = httpServer.address() as AddressInfo
  const clients = fork(import.meta.filename, [
    clientsArgument,
    String(port),
    String(sockets),
    String(depositsPerSocket),
  ])
  try {
    await messageOf(clients)
    await pause(1_500)
    const after = measureMemory()
    // What the collection held up is caught up before the count begins.
    await pause(500)
    const cpu = process.cpuUsage()
    made = 0
    const startedAtMs = performance.now()
    clients.send({ seconds })
    const { latenessMs, elapsedMs } = (await messageOf(clients)) as Received
    const { user, system } = process.cpuUsage(cpu)
    const measuredMs = performance.now() - startedAtMs
    return {
      sockets,
      deposits: ticker.size,
      ticksMadePerSecond: Math.round((made * 1000) / measuredMs),
      ticksPerSecond: Math.round((latenessMs.length * 1000) / elapsedMs),
      ticksExpectedPerSecond: ticker.size,
      latenessP50Ms: quantile(latenessMs, 0.5),
      latenessP99Ms: quantile(latenessMs, 0.99),
      latenessMaxMs: quantile(latenessMs, 1),
      cpuPercent: Math.round((user + system) / 10 / measuredMs),
      heapBytesPerSocket: Math.round((after.heapUsed - before.heapUsed) / sockets),
      residentBytesPerSocket: Math.round((after.rss - before.rss) / sockets),
    }
  } finally {
    clients.kill()
    ticker[Symbol.dispose]()
    await realtime.close()
    httpServer.closeAllConnections()
    httpServer.close()
  }
}

async function messageOf(clients: ReturnType<typeof fork>): Promise<unknown> {
  const [message] = await Promise.race([
    once(clients, 'message'),
    once(clients, 'exit').then(([code]) => Promise.reject(new Error(`the clients ended with ${code}`))),
  ])
  return message
}

function measureMemory(): NodeJS.MemoryUsage {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  return process.memoryUsage()
}

const viewOf = (id: string, expiresAt: Date): DepositView => ({
  id,
  status: 'pending',
  exception: 'none',
  version: 1,
  amount: { minor: '100000', currency: 'IDR' },
  received: { minor: '0', currency: 'IDR' },
  method: 'va',
  payment: null,
  createdAt: new Date(expiresAt.getTime() - ttlMs).toISOString(),
  expiresAt: expiresAt.toISOString(),
  settledAt: null,
  serverTime: new Date().toISOString(),
})

/** The clients' process: connects, says that all watch, and counts for as long as it is told. */
async function runClients(port: number, sockets: number, depositsPerSocket: number): Promise<void> {
  let latenessMs: number[] = []
  const idOf = (index: number) => `01930000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`

  async function open(index: number): Promise<void> {
    const socket: Socket = connect(`http://127.0.0.1:${port}`, {
      auth: { token: `t${index}` },
      transports: ['websocket'],
      forceNew: true,
    })
    await new Promise<void>((resolve) => void socket.once('connect', resolve))
    for (let own = 0; own < depositsPerSocket; own++) {
      const { value } = await socket.emitWithAck('deposit:watch', { depositId: idOf(index * depositsPerSocket + own) })
      ends.set(value.id, Date.parse(value.expiresAt))
    }
    socket.on('deposit:timer', ({ depositId }: ServerEvents['deposit:timer']) => {
      latenessMs.push((((Date.now() - (ends.get(depositId) ?? 0)) % 1000) + 1000) % 1000)
    })
  }

  const ends = new Map<string, number>()
  for (let from = 0; from < sockets; from += 50) {
    await Promise.all(Array.from({ length: Math.min(50, sockets - from) }, (_, offset) => open(from + offset)))
  }
  process.send?.('ready')
  const [{ seconds }] = await once(process, 'message')
  latenessMs = []
  const startedAtMs = performance.now()
  await pause(seconds * 1000)
  process.send?.({ latenessMs, elapsedMs: performance.now() - startedAtMs } satisfies Received)
}

if (process.argv[2] === clientsArgument) {
  const [port, sockets, depositsPerSocket] = process.argv.slice(3).map(Number)
  await runClients(port!, sockets!, depositsPerSocket!)
}
