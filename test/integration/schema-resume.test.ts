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

interface Statement {
  /** The step that it belongs to, up to and with the row that says the step was done. */
  readonly step: string
  readonly sql: string
}

/** Migrates, and tells every statement that was sent, in order. */
async function recordStatements(database: Database): Promise<Statement[]> {
  const sent: { step: string; query: object }[] = []
  let step = migrations[0]!.name
  const watched = migrations.map(({ name, up }) => ({
    name,
    up(context: Parameters<typeof up>[0]) {
      step = name
      return up(context)
    },
  }))
  database.sequelize.addHook('beforeQuery', 'record', (_options, query) => void sent.push({ step, query }))
  await migrate(database, watched, silent)
  database.sequelize.removeHook('beforeQuery', 'record')
  // A query knows its text once it was run; its type does not tell.
  return sent.map(({ step, query }) => ({ step, sql: (query as { readonly sql: string }).sql }))
}

/** `ALTER TABLE ADD INDEX`, for example. */
const kindOf = (sql: string) => (sql.replaceAll(/`.*?`/g, '').match(/\b[A-Z]{2,}\b/g) ?? []).slice(0, 4).join(' ')

/**
 * After how many statements to stop: in each step after its first change and on both sides of its last, and after the
 * first change of every kind.
 */
function placesToStop(statements: readonly Statement[]): number[] {
  const changes = statements
    .map(({ step, sql }, at) => ({ step, sql, at, kind: kindOf(sql) }))
    .filter(
      ({ sql }) => /^\s*(CREATE|ALTER|DROP|INSERT|UPDATE|DELETE)\b/.test(sql) && !sql.includes('schema_migrations'),
    )
  const places = changes.flatMap(({ step, kind, at }, index) => {
    const isFirst = changes[index - 1]?.step !== step
    const isLast = changes[index + 1]?.step !== step
    const isNew = changes.findIndex((change) => change.kind === kind) === index
    return [...(isLast ? [at] : []), ...(isFirst || isLast || isNew ? [at + 1] : [])]
  })
  return [...new Set(places)]
}

describe.each(backends)('$name: a migration that stops half-way', (backend) => {
  it('goes on where it stopped, wherever that was', { timeout: 240_000 }, async () => {
    const { statements, wanted } = await withDatabase(async (database) => ({
      statements: await recordStatements(database),
      wanted: await describeSchema(database),
    }))
    expect(statements.length).toBeGreaterThan(60)
    // Every statement is a place to stop; a server takes its time for each schema, so there the telling ones are tried.
    const stops = backend.name === 'embedded' ? [...statements.keys()].slice(1) : placesToStop(statements)
    const stoppedIn: string[] = []
    for (const stop of stops) {
      const { step } = statements[stop]!
      await withDatabase(async (database) => {
        let left = stop
        database.sequelize.addHook('beforeQuery', 'stop', () => {
          if (left-- === 0) throw new Error('stopped by the test')
        })
        await expect(migrate(database, migrations, silent), `stopped at ${stop}`).rejects.toThrow('stopped by the test')
        database.sequelize.removeHook('beforeQuery', 'stop')
        expect((await pendingMigrations(database, migrations, silent))[0], `stopped at ${stop}`).toBe(step)
        await migrate(database, migrations, silent)
        expect(await pendingMigrations(database, migrations, silent)).toEqual([])
        expect(await describeSchema(database), `stopped at ${stop}`).toEqual(wanted)
      })
      stoppedIn.push(step)
    }
    for (const { name } of migrations)
      expect(stoppedIn.filter((step) => step === name).length, `places in ${name}`).toBeGreaterThanOrEqual(2)
  })

  async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
    await using opened = await backend.open()
    await using database = await openDatabase(readConfig({ ...opened.env }))
    return await work(database)
  }
})
