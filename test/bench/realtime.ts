import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { sign, signatureHeader } from '../../src/payments/adapters/provider/simulator/signing.ts'
import { roomyEnv } from '../support/product.ts'
import type { Bench } from './bench.ts'
import { median, quantile } from './figures.ts'
import { loadHttp, requestBytes } from './http-load.ts'
import { startProgram } from './program.ts'
import { inRounds } from './rounds.ts'
import { benchTicks, type TickFigures } from './ticks.ts'
import { register } from './user.ts'
import type { Watching } from './watch-deposits.ts'

const sockets = 2_000
const depositsPerSocket = 5
const deposits = sockets * depositsPerSocket
const tickSeconds = 5
const ackConnections = 16
/** Far from what the server can take: at its limit only the share of the processor would be measured. */
const acksPerSecond = 200
/** Enough for everything that opening or closing thousands of sockets leaves behind. */
const settlingMs = 2_000

/** Ticks that arrive for 10,000 watched deposits, against one a second for each. */
export const ticks: Bench = async (context) => {
  const rounds: TickFigures[] = []
  for (let round = 0; round < context.rounds; round++)
    rounds.push(await benchTicks({ sockets, depositsPerSocket, seconds: tickSeconds }))
  const middle = (name: keyof TickFigures) => Math.round(median(rounds.map((figures) => figures[name])))
  // Later rounds find memory that the first one left behind.
  const { heapBytesPerSocket, residentBytesPerSocket } = rounds[0]!
  const [heapKb, residentKb] = [heapBytesPerSocket, residentBytesPerSocket].map((bytes) => (bytes / 1024).toFixed(1))
  const lateness = `p50 ${middle('latenessP50Ms')} ms, p99 ${middle('latenessP99Ms')} ms, max ${middle('latenessMaxMs')} ms`
  context.note(`ticks: lateness ${lateness}; server ${middle('cpuPercent')} % of a core`)
  context.note(
    `ticks: memory of a socket that watches ${depositsPerSocket}: heap ${heapKb} KB, resident ${residentKb} KB`,
  )
  return [
    {
      name: `ticks, ${deposits} deposits, ${sockets} sockets`,
      unit: 'ticks/s',
      ours: rounds.map(({ ticksPerSecond }) => ticksPerSecond),
      baselineName: 'one a second for each',
      baseline: rounds.map(({ ticksExpectedPerSecond }) => ticksExpectedPerSecond),
      aim: { atLeast: 0.98 },
    },
  ]
}

/**
 * The p99 of acknowledging a signed webhook while 10,000 deposits are watched, against the same server while none is.
 * The notices are of charges that nobody knows: what follows the acknowledgement is small and the same on both sides.
 */
export const webhookAck: Bench = async (context) => {
  const env = await context.emptyData('mariadb')
  await using product = await startProgram('serve-product', {
    ...env,
    SOCKETS_PER_SESSION_MAX: '100000',
    SOCKETS_PER_USER_MAX: '100000',
  })
  await using clients = await startProgram('watch-deposits')
  const url = await product.call<string>('url')
  const { userId, accessToken } = await register(url, 'watcher')
  const ids = await product.call<string[]>('fill', { userId, deposits })
  const depositIds = Array.from({ length: sockets }, (_, index) =>
    ids.slice(index * depositsPerSocket, (index + 1) * depositsPerSocket),
  )
  const load = (forMs: number) =>
    loadHttp({ url, request: signedNotice, connections: ackConnections, forMs, perSecond: acksPerSecond })

  async function measured() {
    await pause(settlingMs)
    await load(500)
    const [cpuBefore, ticksBefore, startedAt] = [
      await product.call<number>('cpuMs'),
      await received(),
      performance.now(),
    ]
    const { latenciesMs } = await load(context.sideMs * 5)
    const elapsedMs = performance.now() - startedAt
    return {
      acks: latenciesMs.length,
      p50: median(latenciesMs),
      p99: quantile(latenciesMs, 0.99),
      perSecond: (latenciesMs.length * 1000) / elapsedMs,
      ticksPerSecond: (((await received()) - ticksBefore) * 1000) / elapsedMs,
      cpuPercent: ((await product.call<number>('cpuMs')) - cpuBefore) * (100 / elapsedMs),
    }
  }
  const received = () => clients.call<number>('ticks')
  const unwatched = measured
  const watched = async () => {
    await clients.call('watch', { url, accessToken, depositIds } satisfies Watching)
    const figures = await measured()
    await clients.call('unwatch')
    return figures
  }

  await unwatched()
  await watched()
  const figures = await inRounds(context.rounds, { watched, unwatched })
  await context.profile(product, 'webhook-ack', watched)
  for (const [name, rounds] of Object.entries(figures)) {
    const middle = (figure: keyof (typeof rounds)[number]) => Math.round(median(rounds.map((round) => round[figure])))
    const ticked = `${middle('ticksPerSecond')} ticks/s, server ${middle('cpuPercent')} % of a core`
    const each = rounds.map(({ p99 }) => p99.toFixed(0)).join(', ')
    context.note(
      `webhook-ack, ${name}: ${middle('perSecond')} acks/s, ${middle('acks')} a round, ${ticked}; p99s ${each} ms`,
    )
  }
  const compared = (figure: 'p50' | 'p99', atMost: number | null) => ({
    name: `webhook-ack ${figure}, ${deposits} open timers, mariadb`,
    unit: 'ms',
    ours: figures.watched.map((round) => round[figure]),
    baselineName: 'same server, none watched',
    baseline: figures.unwatched.map((round) => round[figure]),
    aim: atMost === null ? null : { atMost },
  })
  return [compared('p99', 1.5), compared('p50', null)]
}

function signedNotice(): Buffer {
  const now = new Date()
  const payment = { transactionId: randomUUID(), minor: '150000', currency: 'IDR', paidAt: now }
  const body = JSON.stringify({
    eventId: randomUUID(),
    chargeId: randomUUID(),
    reference: 'unknown',
    status: 'paid',
    payments: [payment],
    takebacks: [],
    sentAt: now,
  })
  const signature = sign(roomyEnv.SIMULATOR_SECRET, now, body)
  const headers = { 'content-type': 'application/json', [signatureHeader]: signature }
  return requestBytes('POST', '/webhooks/simulator', headers, body)
}
