import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrations } from '../../db/migrations/index.ts'
import { createIdentityStore } from '../../src/identity/adapters/sequelize/identity-store.ts'
import { createAudit } from '../../src/platform/audit.ts'
import { readConfig } from '../../src/platform/config.ts'
import { type Database, openDatabase } from '../../src/platform/database/database.ts'
import { migrate, pendingMigrations } from '../../src/platform/database/migrate.ts'
import { createIds } from '../../src/platform/ids.ts'
import { createOutbox } from '../../src/platform/outbox.ts'
import { backends, type OpenBackend } from '../support/backends.ts'
import { createFakeGateway } from '../support/fake-gateway.ts'
import { buildPayments, createTestClock, silent } from '../support/payments.ts'

const names = migrations.map(({ name }) => name)

describe.each(backends)('the schema, $name', (backend) => {
  let opened: OpenBackend
  let database: Database

  beforeAll(async () => {
    opened = await backend.open()
    database = await openDatabase(readConfig({ ...opened.env }))
  })
  afterAll(async () => {
    await database[Symbol.asyncDispose]()
    await opened[Symbol.asyncDispose]()
  })

  it('is made once, and says so', async () => {
    expect(await pendingMigrations(database, migrations, silent)).toEqual(names)
    expect(await migrate(database, migrations, silent)).toEqual(names)
    expect(await migrate(database, migrations, silent)).toEqual([])
    expect(await pendingMigrations(database, migrations, silent)).toEqual([])
  })

  it('is what the models say, column by column', async () => {
    const clock = createTestClock()
    const deps = { database, clock, ids: createIds(clock) }
    const [audit, outbox] = [createAudit(deps), createOutbox({ ...deps, wake() {} })]
    createIdentityStore({ database, audit, outbox })
    buildPayments({ database, clock, gateway: createFakeGateway() })
    const models = Object.values(database.sequelize.models)
    expect(models.length).toBeGreaterThanOrEqual(14)
    for (const model of models) {
      const table = model.getTableName() as string
      const described = await database.sequelize.getQueryInterface().describeTable(table)
      const attributes = Object.entries(model.getAttributes()).map(([name, { field = name }]) => field)
      expect(
        attributes.filter((column) => described[column] === undefined),
        `unknown columns of ${table}`,
      ).toEqual([])
      // Models are for inserts: what one leaves out has to have a value all the same.
      const leftOut = Object.keys(described).filter((column) => !attributes.includes(column))
      const needed = leftOut.filter((name) => !described[name]!.allowNull && described[name]!.defaultValue === null)
      expect(needed, `columns of ${table} that its model leaves out`).toEqual([])
      const keys = Object.keys(described).filter((column) => described[column]!.primaryKey)
      const modelKeys = Object.values(model.getAttributes()).filter(({ primaryKey }) => primaryKey)
      expect(modelKeys.map(({ field }) => field).sort(), `keys of ${table}`).toEqual(keys.sort())
    }
  })

  it.runIf(backend.name !== 'embedded')('is made once by nodes that start together', async () => {
    await using other = await backend.open()
    const nodes = await Promise.all([1, 2, 3].map(() => openDatabase(readConfig({ ...other.env }))))
    try {
      const done = await Promise.all(nodes.map((node) => migrate(node, migrations, silent)))
      expect(done.map((steps) => steps.length).sort()).toEqual([0, 0, names.length])
      expect(done.flat()).toEqual(names)
    } finally {
      for (const node of nodes) await node[Symbol.asyncDispose]()
    }
  })

  it('leaves no table with an unfinished step', async () => {
    const rows = await database.select<{ name: string }>('SELECT name FROM schema_migrations ORDER BY name')
    expect(rows.map(({ name }) => name)).toEqual(names)
  })
})
