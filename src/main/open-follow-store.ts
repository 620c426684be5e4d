import type { FollowStore } from '../logscan/adapters/follow/source-runner.ts'
import { createFollowerClaims } from '../logscan/adapters/sequelize/follower-claims.ts'
import { createMatchStore } from '../logscan/adapters/sequelize/match-store.ts'
import { createSyncedClock } from '../platform/clock.ts'
import { readConfig } from '../platform/config.ts'
import { openDatabase } from '../platform/database/database.ts'
import { createIds } from '../platform/ids.ts'
import { createLogger } from '../platform/log.ts'
import { prepareSchema } from './prepare-schema.ts'

/** The database that the configuration names, for the command line, which logs nothing. Throws ConfigError. */
export async function openFollowStore(): Promise<FollowStore & AsyncDisposable> {
  const config = { ...readConfig(), LOG_LEVEL: 'silent' as const }
  const database = await openDatabase(config)
  try {
    await prepareSchema(database, createLogger(config))
    const clock = await createSyncedClock(() => database.nowMs())
    const ids = createIds(clock)
    const { LOG_TEXTS_PER_GROUP_AND_MINUTE: textsPerGroupAndMinute, LOG_ENDED_TEXTS_RETENTION_MS: endedForMs } = config
    return {
      claims: createFollowerClaims(database, clock),
      claimMs: config.LOG_CLAIM_MS,
      storeFor: (holder) => createMatchStore({ database, clock, ids, holder, textsPerGroupAndMinute, endedForMs }),
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    }
  } catch (error) {
    await database[Symbol.asyncDispose]()
    throw error
  }
}
