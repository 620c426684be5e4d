import { DataTypes, type QueryInterface, QueryTypes } from 'sequelize'
import { Umzug } from 'umzug'
import type { Logger } from '../log.ts'
import type { Database, Dialect } from './database.ts'

/** One step of the schema's history; the same step serves every dialect, and goes on where a failure stopped it. */
export interface Migration {
  readonly name: string
  up(context: MigrationContext): Promise<void>
}

export interface MigrationContext {
  readonly schema: QueryInterface
  readonly dialect: Dialect
  run(sql: string): Promise<void>
}

const migrationsTable = 'schema_migrations'

/** Brings the schema up to date, one process at a time. Returns the names of the steps it ran. */
export async function migrate(database: Database, migrations: readonly Migration[], log: Logger): Promise<string[]> {
  return withMigrationLock(database, async () => {
    const done = await runner(database, migrations, log).up()
    return done.map(({ name }) => name)
  })
}

/** The steps that have not been run yet. */
export async function pendingMigrations(
  database: Database,
  migrations: readonly Migration[],
  log: Logger,
): Promise<string[]> {
  const pending = await runner(database, migrations, log).pending()
  return pending.map(({ name }) => name)
}

function runner(database: Database, migrations: readonly Migration[], log: Logger) {
  const { sequelize, dialect } = database
  const schema = sequelize.getQueryInterface()
  const context: MigrationContext = {
    schema,
    dialect,
    async run(sql) {
      await sequelize.query(sql)
    },
  }
  const history = async () => {
    if (!(await schema.tableExists(migrationsTable)))
      await schema.createTable(migrationsTable, { name: { type: DataTypes.STRING(100), primaryKey: true } })
  }
  return new Umzug<MigrationContext>({
    context,
    migrations: migrations.map(({ name, up }) => ({ name, up: async () => up(context) })),
    logger: {
      info: ({ event, name }) => event === 'migrated' && log.info({ step: name }, 'a step of the schema was applied'),
      warn: (entry) => log.warn({ entry }, 'migration'),
      error: (entry) => log.error({ entry }, 'migration'),
      debug: () => {},
    },
    storage: {
      async executed() {
        await history()
        const rows = await database.select<{ name: string }>(`SELECT name FROM ${migrationsTable} ORDER BY name`)
        return rows.map(({ name }) => name)
      },
      async logMigration({ name }) {
        await schema.bulkInsert(migrationsTable, [{ name }])
      },
      async unlogMigration({ name }) {
        await schema.bulkDelete(migrationsTable, { name })
      },
    },
  })
}

const lockWaitSeconds = 120

/** Two nodes that start together must not both create tables. MySQL's named lock lives as long as its connection. */
async function withMigrationLock<T>(database: Database, work: () => Promise<T>): Promise<T> {
  if (database.dialect === 'sqlite') return work()
  const transaction = await database.sequelize.transaction()
  try {
    const [row] = await database.sequelize.query<{ held: number | string | null }>(
      `SELECT GET_LOCK(CONCAT(DATABASE(), ':migrate'), ${lockWaitSeconds}) AS held`,
      { transaction, type: QueryTypes.SELECT },
    )
    // A number from MariaDB, text from MySQL, whose type for it is wider.
    if (Number(row?.held) !== 1) throw new Error(`another process has been migrating for ${lockWaitSeconds} s`)
    return await work()
  } finally {
    await database.sequelize.query("SELECT RELEASE_LOCK(CONCAT(DATABASE(), ':migrate'))", { transaction })
    await transaction.rollback()
  }
}
