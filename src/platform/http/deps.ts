import type { HttpBindings } from '@hono/node-server'
import type { AnyTRPCRouter } from '@trpc/server'
import type { Hono } from 'hono'
import type { Actor } from '../../kernel/actor.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { RateLimit } from '../cache/rate-limit.ts'
import type { Config } from '../config.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics.ts'

export interface HttpEnvironment {
  Bindings: HttpBindings
  Variables: { requestId: string; address: string }
}

/** Calls and webhooks are answered from when everything behind them is open; what is in flight at the end still is. */
export type Phase = 'starting' | 'serving' | 'ending'

/** What the HTTP side needs of the rest. */
export interface HttpDeps {
  readonly config: Config
  /** Null where this process answers no calls. */
  readonly router: AnyTRPCRouter | null
  readonly authenticate: (token: string) => Promise<Actor | null>
  readonly webhooks: Hono
  readonly addressLimit: RateLimit
  readonly webhookLimit: RateLimit
  readonly phase: () => Phase
  /** `reason` is null when this process can serve, otherwise why not; `degraded` names what it serves without. */
  readonly readiness: () => Promise<{ readonly reason: string | null; readonly degraded: readonly string[] }>
  readonly requestIds: Ids
  readonly log: Logger
  readonly metrics: Metrics
}
