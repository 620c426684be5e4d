import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { migrations } from '../../db/migrations/index.ts'
import { createAudit } from '../platform/audit.ts'
import { startAuditSealer } from '../platform/audit-chain.ts'
import { createMemoryCache, createRedisCache } from '../platform/cache/cache.ts'
import { createLocalRateLimit, createRateLimits } from '../platform/cache/rate-limit.ts'
import { openRedis } from '../platform/cache/redis.ts'
import { createSyncedClock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { type Database, type DatabaseHooks, openDatabase } from '../platform/database/database.ts'
import { migrate, pendingMigrations } from '../platform/database/migrate.ts'
import type { Phase } from '../platform/http/deps.ts'
import { reachableHost } from '../platform/http/reachable-host.ts'
import { createHttpServer } from '../platform/http/server.ts'
import { createIdempotency } from '../platform/idempotency.ts'
import { createIds, createRequestIds } from '../platform/ids.ts'
import { startLoop } from '../platform/lifecycle.ts'
import { createLogger, type Logger } from '../platform/log.ts'
import { createMailer, type Mailer } from '../platform/mail.ts'
import { createMetrics } from '../platform/metrics.ts'
import { createOutbox, type OutboxEvent, pruneOutbox, startOutboxRelay } from '../platform/outbox.ts'
import { createRealtime, type Realtime } from '../platform/realtime.ts'
import { createResources } from '../platform/resources.ts'
import { sharedSecret } from '../platform/shared-secret.ts'
import { createProcedures } from '../platform/trpc.ts'
import { buildIdentity, type Identity } from './build-identity.ts'
import { buildPayments, type Payments } from './build-payments.ts'
import { closeHttpServer } from './close-http-server.ts'
import { createReadiness } from './readiness.ts'
import { createRouter } from './router.ts'
import { version } from './version.ts'

/** What tests and entry points may put in place of the usual parts. */
export interface Overrides {
  readonly log?: Logger
  readonly mailer?: Mailer & Disposable
  readonly databaseHooks?: DatabaseHooks
  /** This process's monotonic timer, milliseconds. */
  readonly monotonicMs?: () => number
  /** Called around the publishing of a batch of events. */
  readonly beforePublish?: (events: readonly OutboxEvent[]) => Promise<void>
  readonly afterPublish?: (events: readonly OutboxEvent[]) => Promise<void>
  /** Starts the payment simulator where the configuration names none; told where webhooks go, and what signs them. */
  readonly startSimulator?: (webhookUrl: string, secret: string) => Promise<AsyncDisposable & { readonly url: string }>
}

export interface App extends AsyncDisposable {
  /** Where it listens, with the port it got. */
  readonly url: string
  readonly config: Config
  readonly log: Logger
  readonly database: Database
  /** Null where this process answers no calls. */
  readonly router: ReturnType<typeof createRouter> | null
  readonly simulatorUrl: string | null
  readonly firstAdmin: Awaited<ReturnType<Identity['createFirstAdmin']>>
}

/**
 * Builds the product, listens, and starts its loops. Disposing it finishes what is in flight, tells the sockets why, and
 * closes everything that was opened. Throws when the database cannot be reached or its schema is behind.
 */
export async function createApp(config: Config, overrides: Overrides = {}): Promise<App> {
  const resources = createResources()
  try {
    return await open(config, overrides, resources)
  } catch (error) {
    await resources[Symbol.asyncDispose]()
    throw error
  }
}

async function open(config: Config, overrides: Overrides, resources: ReturnType<typeof createResources>): Promise<App> {
  const log = overrides.log ?? createLogger(config)
  const metrics = createMetrics()
  const database = resources.use(await openDatabase(config, overrides.databaseHooks))
  await prepareSchema(database, log)
  const redis = config.REDIS_URL === undefined ? null : resources.use(await openRedis(config.REDIS_URL, log)).client
  const clock = await createSyncedClock(() => database.nowMs(), overrides.monotonicMs)
  const ids = createIds(clock)
  const cache = redis === null ? createMemoryCache() : createRedisCache(redis, config.REDIS_PREFIX)
  const rateLimits = createRateLimits(redis, config.REDIS_PREFIX)
  const mailer = resources.use(overrides.mailer ?? createMailer(config, log))
  const audit = createAudit({ database, clock, ids })
  const outbox = createOutbox({ database, clock, ids, wake: () => relay?.wake() })
  const idempotency = createIdempotency({ database, clock })
  let relay: ReturnType<typeof startOutboxRelay> | null = null
  let url = ''

  const identity = resources.use(
    await buildIdentity({
      ...{ config, database, outbox, audit, cache, rateLimits, clock, ids, mailer, log },
      publicUrl: () => config.PUBLIC_URL ?? url,
    }),
  )
  const payments = buildPayments({
    ...{ config, database, clock, ids, audit, outbox, idempotency, metrics, log },
    directory: identity.directory,
    tick: (depositId, tick) => {
      const room = `deposit:${depositId}`
      if (realtime.hasLocal(room)) realtime.emitLocal(room, 'deposit:timer', tick)
      // Its last socket left between asking and joining.
      else payments.ticker.unwatch(depositId)
    },
  })
  resources.use(payments.ticker)
  metrics.observe(
    'xm_watched_deposits',
    'Open deposits that somebody watches on this process',
    () => payments.ticker.size,
  )
  metrics.observe('xm_webhook_queue', 'Stored webhooks that wait in this process', () => payments.queue.waiting)
  const firstAdmin = await identity.createFirstAdmin()

  const answersCalls = config.ROLE === 'all' || config.ROLE === 'api'
  let phase: Phase = 'starting'
  const procedures = createProcedures({
    actorLimit: createLocalRateLimit({
      name: 'actor',
      points: config.REQUESTS_PER_MINUTE_PER_ACTOR,
      windowMs: minuteMs,
    }),
    staffTotpRequired: config.STAFF_TOTP === 'required',
  })
  const router = answersCalls ? createRouter({ config, version, clock, procedures, identity, payments }) : null
  const server = createHttpServer({
    ...{ config, log, metrics },
    requestIds: createRequestIds(),
    router,
    authenticate: identity.authenticate,
    webhooks: payments.webhooks,
    addressLimit: createLocalRateLimit({
      name: 'address',
      points: config.REQUESTS_PER_MINUTE_PER_ADDRESS,
      windowMs: minuteMs,
    }),
    webhookLimit: createLocalRateLimit({
      name: 'webhooks',
      points: config.WEBHOOKS_PER_MINUTE_PER_ADDRESS,
      windowMs: minuteMs,
    }),
    phase: () => phase,
    readiness: createReadiness({ database, redis, phase: () => phase }),
  })
  const realtime = createRealtime({
    ...{ config, redis, log },
    httpServer: server,
    authenticate: identity.authenticate,
    isSessionLive: identity.isSessionLive,
    handlers: payments.feed.handlers,
    onRoomOpened: (room) =>
      void payments.feed
        .onRoomOpened(room)
        .catch((error: unknown) => log.warn({ err: error, room }, 'a room could not be followed')),
    onRoomEmptied: payments.feed.onRoomEmptied,
    onSent: payments.feed.onSent,
    meter: {
      socketAdmitted: () => metrics.sockets.inc(),
      socketClosed: () => metrics.sockets.dec(),
      socketRefused: (code) => metrics.socketsRefused.inc({ code }),
      socketEnded: (reason) => metrics.socketsEnded.inc({ reason }),
      callAnswered: (event, outcome) => metrics.socketCalls.inc({ event, outcome }),
    },
  })

  const closeFront = async () => {
    phase = 'ending'
    await realtime.close('server_shutdown')
    await closeHttpServer(server, config.SHUTDOWN_TIMEOUT_MS)
  }
  // Registered twice: a start that fails further down must close it too, but at the end it is the first to close, so
  // that calls in flight still find everything behind it open.
  resources.defer(closeFront)
  server.listen(config.PORT, config.HOST)
  await once(server, 'listening')
  url = `http://${reachableHost(config.HOST)}:${(server.address() as AddressInfo).port}`
  const simulator = await openSimulator()
  if (simulator !== null) payments.openGateways({ simulator })
  startLoops()
  resources.defer(closeFront)
  phase = 'serving'

  return {
    ...{ url, config, log, database, router, firstAdmin },
    simulatorUrl: simulator?.url ?? null,
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  }

  async function openSimulator(): Promise<{ readonly url: string; readonly secret: string } | null> {
    if (!config.GATEWAYS.includes('simulator')) return null
    const secret = config.SIMULATOR_SECRET ?? (await sharedSecret(database, 'simulator'))
    if (config.SIMULATOR_URL !== undefined) return { url: config.SIMULATOR_URL, secret }
    if (overrides.startSimulator === undefined) return null
    return { url: resources.use(await overrides.startSimulator(`${url}/webhooks/simulator`, secret)).url, secret }
  }

  function startLoops(): void {
    // Processes that only answer calls tell the time too; timers drift, and stand still while a machine sleeps.
    resources.use(startLoop({ name: 'clock', intervalMs: clockSyncMs, work: clock.sync, log }))
    if (config.ROLE !== 'all' && config.ROLE !== 'worker') return
    relay = resources.use(
      startOutboxRelay({
        ...{ database, clock, log },
        batchMaxRows: config.OUTBOX_BATCH_MAX_ROWS,
        pollMs: config.OUTBOX_POLL_MS,
        flush: () => realtime.flush(),
        publish: async (events) => {
          await overrides.beforePublish?.(events)
          await publish(events, { identity, payments, realtime })
          metrics.eventsPublished.inc(events.length)
          await overrides.afterPublish?.(events)
        },
      }),
    )
    payments.startLoops(resources, clock.sync)
    resources.use(startAuditSealer({ database, intervalMs: sealIntervalMs, batchMaxRows: sealBatchMaxRows, log }))
    resources.use(
      startLoop({
        name: 'housekeeping',
        intervalMs: housekeepingMs,
        log,
        work: async () => {
          const now = clock.now()
          const outboxRows = await pruneOutbox(database, now.getTime() - config.OUTBOX_RETENTION_MS, pruneMaxRows)
          const identityRows = await identity.prune(now, pruneMaxRows)
          return outboxRows === pruneMaxRows || identityRows >= pruneMaxRows
        },
      }),
    )
  }
}

const minuteMs = 60_000
const clockSyncMs = 1_000
const sealIntervalMs = 1000
const sealBatchMaxRows = 500
const housekeepingMs = 60_000
const pruneMaxRows = 1000

/** Every event of every context goes to whoever listens. */
async function publish(
  events: readonly OutboxEvent[],
  to: { identity: Identity; payments: Payments; realtime: Realtime },
): Promise<void> {
  for (const { type, payload } of events) {
    if (type !== 'session.revoked') continue
    const { sessionId } = payload as { sessionId: string }
    to.identity.forgetSession(sessionId)
    to.realtime.endSession(sessionId, 'session_revoked')
  }
  await to.payments.feed.publish(events, to.realtime)
}

/** The embedded database follows by itself; a shared one is migrated on purpose, by `npm run migrate`. */
async function prepareSchema(database: Database, log: Logger): Promise<void> {
  if (database.dialect === 'sqlite') {
    await migrate(database, migrations, log)
    return
  }
  const pending = await pendingMigrations(database, migrations, log)
  if (pending.length > 0) throw new Error(`the database lacks ${pending.join(', ')}: run "npm run migrate" first`)
}
