import { migrations } from '../../db/migrations/index.ts'
import { ConfigError, readConfig } from '../platform/config.ts'
import { openDatabase } from '../platform/database/database.ts'
import { migrate } from '../platform/database/migrate.ts'
import { createLogger } from '../platform/log.ts'

/** `npm run migrate`: brings the schema up to date and ends. Safe to run on several machines at once. */
async function main(): Promise<void> {
  const config = readConfig()
  const log = createLogger(config)
  await using database = await openDatabase(config)
  const done = await migrate(database, migrations, log)
  log.info({ done }, done.length === 0 ? 'the schema is up to date' : 'the schema was brought up to date')
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error)
  process.exit(1)
})
