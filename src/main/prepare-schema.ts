import { migrations } from '../../db/migrations/index.ts'
import type { Database } from '../platform/database/database.ts'
import { migrate, pendingMigrations } from '../platform/database/migrate.ts'
import type { Logger } from '../platform/log.ts'

/** The embedded database follows by itself; a shared one is migrated on purpose, by `npm run migrate`. */
export async function prepareSchema(database: Database, log: Logger): Promise<void> {
  if (database.dialect === 'sqlite') {
    await migrate(database, migrations, log)
    return
  }
  const pending = await pendingMigrations(database, migrations, log)
  if (pending.length > 0) throw new Error(`the database lacks ${pending.join(', ')}: run "npm run migrate" first`)
}
