import { createMatchStore } from '../logscan/adapters/sequelize/match-store.ts'
import type { MatchStore } from '../logscan/app/match-store.ts'
import { createSyncedClock } from '../platform/clock.ts'
import { readConfig } from '../platform/config.ts'
import { openDatabase } from '../platform/database/database.ts'
import { createIds } from '../platform/ids.ts'
import { createLogger } from '../platform/log.ts'
import { prepareSchema } from './prepare-schema.ts'

/** The database that the configuration names, for the command line, which logs nothing. Throws ConfigError. */
export async function openMatchStore(): Promise<MatchStore & AsyncDisposable> {
  const config = { ...readConfig(), LOG_LEVEL: 'silent' as const }
  const database = await openDatabase(config)
  try {
    await prepareSchema(database, createLogger(config))
    const clock = await createSyncedClock(() => database.nowMs())
    const store = createMatchStore({
      ...{ database, clock, ids: createIds(clock) },
      textsPerGroupAndMinute: config.LOG_TEXTS_PER_GROUP_AND_MINUTE,
      endedForMs: config.LOG_ENDED_TEXTS_RETENTION_MS,
    })
    return { ...store, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() }
  } catch (error) {
    await database[Symbol.asyncDispose]()
    throw error
  }
}
