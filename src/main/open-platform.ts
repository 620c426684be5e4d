import { createAudit } from '../platform/audit.ts'
import { createMemoryCache, createRedisCache } from '../platform/cache/cache.ts'
import { createRateLimits } from '../platform/cache/rate-limit.ts'
import { openRedis } from '../platform/cache/redis.ts'
import { createSyncedClock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { openDatabase } from '../platform/database/database.ts'
import { createIdempotency } from '../platform/idempotency.ts'
import { createIds } from '../platform/ids.ts'
import { createLogger } from '../platform/log.ts'
import { createMailer } from '../platform/mail.ts'
import { createMetrics } from '../platform/metrics.ts'
import { createOutbox } from '../platform/outbox.ts'
import type { Resources } from '../platform/resources.ts'
import type { Overrides } from './overrides.ts'
import { prepareSchema } from './prepare-schema.ts'

export type Platform = Awaited<ReturnType<typeof openPlatform>>

/** Opens what every context stands on. Throws when the database cannot be reached or its schema is behind. */
export async function openPlatform(config: Config, overrides: Overrides, resources: Resources) {
  const log = overrides.log ?? createLogger(config)
  const metrics = createMetrics()
  const database = resources.use(await openDatabase(config, overrides.databaseHooks))
  await prepareSchema(database, log)
  const redis = config.REDIS_URL === undefined ? null : resources.use(await openRedis(config.REDIS_URL, log)).client
  const clock = await createSyncedClock(() => database.nowMs(), overrides.monotonicMs)
  const ids = createIds(clock)
  const mailer = resources.use(overrides.mailer ?? createMailer(config, log))
  /** Tells the relay of this process, where it has one, that there is something to publish. */
  const outboxWake = { wake() {} }
  return {
    ...{ config, log, metrics, database, redis, clock, ids, mailer, outboxWake },
    cache: redis === null ? createMemoryCache() : createRedisCache(redis, config.REDIS_PREFIX),
    rateLimits: createRateLimits(redis, config.REDIS_PREFIX),
    audit: createAudit({ database, clock, ids }),
    outbox: createOutbox({ database, clock, ids, wake: () => outboxWake.wake() }),
    idempotency: createIdempotency({ database, clock }),
  }
}
