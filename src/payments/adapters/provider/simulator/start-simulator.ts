import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import type { Clock } from '../../../../kernel/clock.ts'
import { reachableHost } from '../../../../platform/http/reachable-host.ts'
import type { Logger } from '../../../../platform/log.ts'
import { createAutoPay } from './auto-pay.ts'
import { type Behaviour, createBehaviourSwitch } from './behaviour.ts'
import { createChargeStore } from './charge-store.ts'
import { createDeliveries, type DeliveryLimits } from './deliveries.ts'
import { answerError } from './http.ts'
import { limitBody } from './limit-body.ts'
import { createPayerDesk } from './payer-desk.ts'
import { createProviderRoutes } from './provider-routes.ts'
import { createStateFile, readStateFile } from './state-file.ts'
import { createTesterRoutes } from './tester-routes.ts'
import { createWebhookPost } from './webhook-post.ts'

export interface Simulator extends AsyncDisposable {
  readonly url: string
  readonly port: number
}

export interface SimulatorOptions extends Partial<SimulatorLimits> {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly secret: string
  /** Where notices go. A function is asked at each attempt, for a server whose address is not known yet. */
  readonly webhookUrl: string | (() => string)
  readonly log: Logger
  /** Keeps charges across restarts; without it they live in memory only. */
  readonly stateFile?: string
  readonly behaviour?: Partial<Behaviour>
  readonly clock?: Clock
  readonly random?: () => number
}

interface SimulatorLimits extends DeliveryLimits {
  readonly webhookTimeoutMs: number
  readonly chargesMax: number
  readonly bodyMaxBytes: number
  readonly stateReplaceAfterBytes: number
  readonly shutdownTimeoutMs: number
}

const limits: SimulatorLimits = {
  deliveriesConcurrencyMax: 32,
  deliveriesWaitingMax: 20_000,
  deliveryLogMaxRows: 2_000,
  retryDelaysMs: [500, 2_000, 7_000, 20_000],
  webhookTimeoutMs: 10_000,
  chargesMax: 200_000,
  bodyMaxBytes: 65_536,
  stateReplaceAfterBytes: 16 * 1024 * 1024,
  shutdownTimeoutMs: 1_000,
}

/** Starts the payment simulator: an HTTP service that plays a payment provider. Rejects when it cannot listen. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const settings = { ...limits, clock: { now: () => new Date() }, random: Math.random, ...options }
  const { host, port, secret, webhookUrl, log, stateFile: path, clock, random, shutdownTimeoutMs } = settings

  const behaviour = createBehaviourSwitch(options.behaviour ?? {})
  const stateFile =
    path === undefined
      ? undefined
      : createStateFile({ path, charges: () => charges.all(), replaceAfterBytes: settings.stateReplaceAfterBytes })
  const charges = createChargeStore({
    charges: path === undefined ? [] : await readStateFile(path, log),
    chargesMax: settings.chargesMax,
    save: async (charge) => stateFile?.save(charge),
  })
  const deliveries = createDeliveries({
    ...settings,
    webhookUrl: typeof webhookUrl === 'string' ? () => webhookUrl : webhookUrl,
    webhook: createWebhookPost({
      connectionsMax: settings.deliveriesConcurrencyMax,
      timeoutMs: settings.webhookTimeoutMs,
    }),
    isOut: () => behaviour.current().outage !== false,
  })
  const desk = createPayerDesk({ charges, deliveries, behaviour, clock, newId: randomUUID, random })
  const autoPay = createAutoPay({ charges, desk, behaviour, clock, log })
  const routes = new Hono()
    .use(limitBody(settings.bodyMaxBytes))
    .route('/', createProviderRoutes({ charges, behaviour, secret, clock, onCharge: autoPay.onCharge }))
    .route('/', createTesterRoutes({ charges, desk, behaviour, deliveries, clock }))
    .notFound((c) => c.json({ error: { code: 'path.unknown', message: 'there is nothing at this path' } }, 404))
    .onError((error, c) => answerError(c, error, log))

  // Listening comes before the state file is written: a second simulator on the same port must not touch it.
  const server = createAdaptorServer({ fetch: routes.fetch, hostname: host }) as Server
  const takenPort = await listen(server, host, port)

  async function end() {
    autoPay[Symbol.dispose]()
    behaviour.release()
    await close(server, shutdownTimeoutMs)
    await deliveries[Symbol.asyncDispose]()
    await stateFile?.[Symbol.asyncDispose]()
  }

  try {
    await stateFile?.start()
  } catch (error) {
    await end()
    throw error
  }
  return { url: `http://${reachableHost(host)}:${takenPort}`, port: takenPort, [Symbol.asyncDispose]: end }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

async function close(server: Server, timeoutMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const patience = new AbortController()
  await Promise.race([closed, pause(timeoutMs, undefined, { signal: patience.signal }).catch(() => undefined)])
  patience.abort()
  server.closeAllConnections()
  await closed
}
