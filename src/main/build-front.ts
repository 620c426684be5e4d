import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createLocalRateLimit } from '../platform/cache/rate-limit.ts'
import type { Phase } from '../platform/http/deps.ts'
import { reachableHost } from '../platform/http/reachable-host.ts'
import { createHttpServer } from '../platform/http/server.ts'
import { createRequestIds } from '../platform/ids.ts'
import { createRealtime } from '../platform/realtime.ts'
import { createProcedures } from '../platform/trpc.ts'
import type { Identity } from './build-identity.ts'
import type { Logscan } from './build-logscan.ts'
import type { Payments } from './build-payments.ts'
import { closeHttpServer } from './close-http-server.ts'
import type { Platform } from './open-platform.ts'
import { createReadiness } from './readiness.ts'
import { createRouter } from './router.ts'
import { version } from './version.ts'

interface FrontOf {
  readonly platform: Platform
  readonly identity: Identity
  readonly payments: Payments
  readonly logscan: Logscan
}

const minuteMs = 60_000

/** What clients reach: calls and webhooks over HTTP, and sockets. Nothing listens yet. */
export function buildFront({ platform, identity, payments, logscan }: FrontOf) {
  const { config, log, metrics, database, redis, clock } = platform
  let phase: Phase = 'starting'
  const perMinute = (name: string, points: number) => createLocalRateLimit({ name, points, windowMs: minuteMs })
  // Calls count alike, whichever way they come.
  const actorLimit = perMinute('actor', config.REQUESTS_PER_MINUTE_PER_ACTOR)
  const addressLimit = perMinute('address', config.REQUESTS_PER_MINUTE_PER_ADDRESS)
  const procedures = createProcedures({
    actorLimit,
    staffTotpRequired: config.STAFF_TOTP === 'required',
  })
  const answersCalls = config.ROLE === 'all' || config.ROLE === 'api'
  const router = answersCalls ? createRouter({ config, version, clock, procedures, identity, payments, logscan }) : null
  const server = createHttpServer({
    ...{ config, log, metrics, router },
    requestIds: createRequestIds(),
    authenticate: identity.authenticate,
    webhooks: payments.webhooks,
    addressLimit,
    webhookLimit: perMinute('webhooks', config.WEBHOOKS_PER_MINUTE_PER_ADDRESS),
    phase: () => phase,
    readiness: createReadiness({ database, redis, phase: () => phase }),
  })
  const realtime = createRealtime({
    ...{ config, redis, log, actorLimit, addressLimit },
    httpServer: server,
    authenticate: identity.authenticate,
    // Anew: what is remembered of a session may be from before its end.
    isSessionLive: (sessionId) => {
      identity.forgetSession(sessionId)
      return identity.isSessionLive(sessionId)
    },
    handlers: { ...payments.feed.handlers, ...logscan.feed.handlers },
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

  return {
    router,
    realtime,
    /** Resolves to the address once it listens. */
    async listen(): Promise<string> {
      server.listen(config.PORT, config.HOST)
      await once(server, 'listening')
      return `http://${reachableHost(config.HOST)}:${(server.address() as AddressInfo).port}`
    },
    /** From now on calls and webhooks are answered: everything behind them is open. */
    serve(): void {
      phase = 'serving'
    },
    /** Tells the sockets why, and finishes the calls in flight. May be called again. */
    async close(): Promise<void> {
      phase = 'ending'
      await realtime.close('server_shutdown')
      await closeHttpServer(server, config.SHUTDOWN_TIMEOUT_MS)
    },
  }
}
