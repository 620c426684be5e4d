import { describe, expect, it } from 'vitest'
import { migrations } from '../../db/migrations/index.ts'
import { readConfig } from '../../src/platform/config.ts'
import { type Database, openDatabase } from '../../src/platform/database/database.ts'
import { migrate, pendingMigrations } from '../../src/platform/database/migrate.ts'
import { backends } from '../support/backends.ts'
import { silent } from '../support/payments.ts'

/** Everything that the schema consists of, as the database tells it. */
async function describeSchema({ sequelize, dialect, select }: Database): Promise<unknown> {
  const schema = sequelize.getQueryInterface()
  const tables = ((await schema.showAllTables()) as string[]).sort()
  const triggers =
    dialect === 'sqlite'
      ? "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
      : 'SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY name'
  const described = []
  for (const table of tables) {
    const indexes = (await schema.showIndex(table)) as { name: string; unique: boolean; fields: object[] }[]
    const shown = indexes.map(({ name, unique, fields }) => ({ name, unique, fields }))
    described.push([table, await schema.describeTable(table), shown.sort((a, b) => a.name.localeCompare(b.name))])
  }
  return {
    described,
    triggers: await select(triggers),
    head: await select('SELECT id, seq, hash FROM audit_chain_head'),
  }
}

describe.each(backends)('$name: a migration that stops half-way', (backend) => {
  // Every statement is a place to stop; a server takes its time for each schema, so there every so many are tried.
  const stride = backend.name === 'embedded' ? 1 : 12

  it('goes on where it stopped, wherever that was', { timeout: 240_000 }, async () => {
    let needed = 0
    const wanted = await withDatabase(async (database) => {
      database.sequelize.addHook('beforeQuery', 'count', () => void needed++)
      await migrate(database, migrations, silent)
      database.sequelize.removeHook('beforeQuery', 'count')
      return describeSchema(database)
    })
    expect(needed).toBeGreaterThan(60)
    for (let stop = 1; stop < needed; stop += stride) {
      await withDatabase(async (database) => {
        let left = stop
        database.sequelize.addHook('beforeQuery', 'stop', () => {
          if (left-- === 0) throw new Error('stopped by the test')
        })
        await expect(migrate(database, migrations, silent), `stopped at ${stop}`).rejects.toThrow('stopped by the test')
        database.sequelize.removeHook('beforeQuery', 'stop')
        await migrate(database, migrations, silent)
        expect(await pendingMigrations(database, migrations, silent)).toEqual([])
        expect(await describeSchema(database), `stopped at ${stop}`).toEqual(wanted)
      })
    }
  })

  async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
    await using opened = await backend.open()
    await using database = await openDatabase(readConfig({ ...opened.env }))
    return await work(database)
  }
})
