import { depositRoom } from '../payments/adapters/realtime/deposit-feed.ts'
import type { Config } from '../platform/config.ts'
import type { Database } from '../platform/database/database.ts'
import type { Logger } from '../platform/log.ts'
import { createResources, type Resources } from '../platform/resources.ts'
import { sharedSecret } from '../platform/shared-secret.ts'
import { createWebhookSecrets } from '../platform/webhooks-out/webhook-secrets.ts'
import { buildFront } from './build-front.ts'
import { buildIdentity, type Identity } from './build-identity.ts'
import { buildLogscan } from './build-logscan.ts'
import { buildPayments } from './build-payments.ts'
import { openPlatform } from './open-platform.ts'
import type { Overrides } from './overrides.ts'
import type { createRouter } from './router.ts'
import { startLoops } from './start-loops.ts'

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

async function open(config: Config, overrides: Overrides, resources: Resources): Promise<App> {
  const platform = await openPlatform(config, overrides, resources)
  const { log, database, metrics } = platform
  let url = ''

  const identity = resources.use(await buildIdentity({ ...platform, publicUrl: () => config.PUBLIC_URL ?? url }))
  const payments = buildPayments({
    ...platform,
    directory: identity.directory,
    tick: (depositId, tick) => {
      const room = depositRoom(depositId)
      if (front.realtime.hasLocal(room)) front.realtime.emitLocal(room, 'deposit:timer', tick)
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

  const webhookSecrets = createWebhookSecrets(config.AUTH_SECRET ?? (await sharedSecret(database, 'webhooks')))
  const logscan = buildLogscan({
    ...platform,
    directory: identity.directory,
    webhookSecrets,
    tellScan: (scan) => logscan.feed.scan(front.realtime, scan),
  })

  const front = buildFront({ platform, identity, payments, logscan })
  const { router, realtime } = front
  // Registered twice: a start that fails further down must close it too, but at the end it is the first to close, so
  // that calls in flight still find everything behind it open.
  resources.defer(front.close)
  url = await front.listen()
  const simulator = await openSimulator()
  if (simulator !== null) payments.openGateways({ simulator })
  startLoops({ platform, identity, payments, logscan, realtime, overrides }, resources)
  resources.defer(front.close)
  front.serve()

  return {
    ...{ url, config, log, database, router, firstAdmin },
    simulatorUrl: simulator?.url ?? null,
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  }

  async function openSimulator(): Promise<{ readonly url: string; readonly secret: string } | null> {
    if (config.ROLE === 'scanner' || !config.GATEWAYS.includes('simulator')) return null
    const secret = config.SIMULATOR_SECRET ?? (await sharedSecret(database, 'simulator'))
    if (config.SIMULATOR_URL !== undefined) return { url: config.SIMULATOR_URL, secret }
    if (overrides.startSimulator === undefined) return null
    return { url: resources.use(await overrides.startSimulator(`${url}/webhooks/simulator`, secret)).url, secret }
  }
}
