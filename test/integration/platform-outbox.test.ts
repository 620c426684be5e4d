import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { migrations } from '../../db/migrations/index.ts'
import { DomainError } from '../../src/kernel/errors.ts'
import { readConfig } from '../../src/platform/config.ts'
import { type Database, type DatabaseHooks, openDatabase } from '../../src/platform/database/database.ts'
import { migrate } from '../../src/platform/database/migrate.ts'
import { createIds } from '../../src/platform/ids.ts'
import { createOutbox, type OutboxEvent, pruneOutbox } from '../../src/platform/outbox.ts'
import { startOutboxRelay } from '../../src/platform/outbox-relay.ts'
import { createResources } from '../../src/platform/resources.ts'
import { type Backend, backends } from '../support/backends.ts'
import { createTestClock, openMigrated, silent } from '../support/payments.ts'
import { sentStatements } from '../support/sent-statements.ts'

const event = (number: number, subject = `thing:${number}`) => ({
  type: 'thing.happened',
  subject,
  payload: { number },
})
const attemptsMax = 3
/** Longer than any pause between two attempts. */
const anyPauseMs = 60_000

/** Fresh data with a first node on it; `openNode` opens more. The embedded database serves one. */
async function openOutbox(backend: Backend, hooks?: DatabaseHooks) {
  const resources = createResources()
  const opened = resources.use(await backend.open())
  const clock = createTestClock()
  const database = resources.use(await openMigrated(opened.env, hooks))
  const outbox = createOutbox({ database, clock, ids: createIds(clock), wake() {} })
  const relay = (on: Database, publish: (events: readonly OutboxEvent[]) => Promise<void>, flush = async () => {}) =>
    resources.use(
      startOutboxRelay({
        ...{ database: on, clock, publish, flush, batchMaxRows: 10, attemptsMax, pollMs: 5, log: silent },
        onSetAside: ({ id }) => void setAside.push(id),
      }),
    )
  const setAside: string[] = []
  return {
    database,
    clock,
    relay,
    /** Ids of events that were set aside. */
    setAside,
    append: (...numbers: number[]) =>
      database.transaction((tx) =>
        outbox.append(
          tx,
          numbers.map((number) => event(number)),
        ),
      ),
    appendAbout: (subject: string, ...numbers: number[]) =>
      database.transaction((tx) =>
        outbox.append(
          tx,
          numbers.map((number) => event(number, subject)),
        ),
      ),
    failures: () =>
      database.select<{ event_id: string; attempts: number; next_attempt_at_ms: string | null; failure: string }>(
        'SELECT event_id, attempts, next_attempt_at_ms, failure FROM outbox_failures ORDER BY event_id',
      ),
    outbox,
    /** As the README tells operators to list what was set aside, and to put one back. */
    listSetAside: () =>
      database.select<{ id: string; failure: string }>(
        `SELECT o.id, f.failure FROM outbox o LEFT JOIN outbox_failures f ON f.event_id = o.id
         WHERE o.published_at_ms IS NULL AND o.set_aside = 1`,
      ),
    putBack: (id: string) =>
      database.transaction((tx) => tx.change('UPDATE outbox SET set_aside = 0 WHERE id = :id', { id })),
    openNode: async () => resources.use(await openMigrated(opened.env)),
    unpublished: async () =>
      (await database.select<{ id: string }>('SELECT id FROM outbox WHERE published_at_ms IS NULL')).length,
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  }
}

/** How many rows a server reads for a statement, those of the question itself among them. */
async function rowsRead(database: Database, sql: string): Promise<number> {
  return database.transaction(async (tx) => {
    const sum = async () => {
      const counts = await tx.select<{ Value: string }>("SHOW SESSION STATUS LIKE 'Handler_read%'")
      return counts.reduce((total, { Value }) => total + Number(Value), 0)
    }
    const before = await sum()
    await tx.select(sql)
    return (await sum()) - before
  })
}

describe.each(backends)('the outbox, $name', (backend) => {
  it('publishes each event once, in order, with what was written', async () => {
    await using box = await openOutbox(backend)
    const ids = [...(await box.append(1, 2)), ...(await box.append(3))]
    const published: OutboxEvent[] = []
    box.relay(box.database, async (events) => void published.push(...events))
    await vi.waitFor(async () => expect(await box.unpublished()).toBe(0))
    await pause(30)
    expect(published).toEqual([1, 2, 3].map((number, index) => ({ id: ids[index], ...event(number) })))
  })

  it('publishes nothing of a transaction that failed', async () => {
    await using box = await openOutbox(backend)
    const failing = box.database.transaction(async (tx) => {
      await box.outbox.append(tx, [event(1)])
      throw new Error('it failed')
    })
    await failing.catch(() => undefined)
    expect(await box.database.select('SELECT id FROM outbox')).toEqual([])
  })

  it('publishes again with the same id what was published before a crash', async () => {
    let crash = false
    let crashes = 0
    await using box = await openOutbox(backend, {
      async beforeCommit() {
        if (!crash || crashes > 0) return
        crashes++
        throw new Error('the process dies after publishing')
      },
    })
    const ids = await box.append(1, 2)
    crash = true
    const published: string[] = []
    box.relay(box.database, async (events) => void published.push(...events.map(({ id }) => id)))
    await vi.waitFor(async () => expect(await box.unpublished()).toBe(0), { timeout: 5000 })
    expect(crashes).toBe(1)
    expect(published).toEqual([...ids, ...ids])
  })

  it('publishes again what did not leave the process', async () => {
    await using box = await openOutbox(backend)
    const ids = await box.append(1)
    const published: string[] = []
    let lost = true
    box.relay(
      box.database,
      async (events) => void published.push(...events.map(({ id }) => id)),
      async () => {
        if (lost) {
          lost = false
          throw new Error('the stream is away')
        }
      },
    )
    await vi.waitFor(async () => expect(await box.unpublished()).toBe(0), { timeout: 5000 })
    expect(published).toEqual([...ids, ...ids])
  })

  describe('an event that cannot be published', () => {
    const numberOf = ({ payload }: OutboxEvent) => (payload as { number: number }).number

    /** Publishes everything but that number, which is poison for as long as it is told so. */
    function publisher(poison: number) {
      const published: number[] = []
      const reader = { poisoned: true, tries: 0 }
      const publish = async (events: readonly OutboxEvent[]) => {
        const isPoisoned = reader.poisoned && events.some((entry) => numberOf(entry) === poison)
        if (isPoisoned && events.length === 1) reader.tries++
        if (isPoisoned) throw new Error(`${poison} makes no sense`)
        published.push(...events.map(numberOf))
      }
      return { published, reader, publish }
    }

    it('holds up its own subject alone, and that in order', async () => {
      await using box = await openOutbox(backend)
      await box.append(1)
      const [poison] = await box.appendAbout('thing:poison', 2, 3)
      await box.append(4)
      const { publish, published, reader } = publisher(2)
      box.relay(box.database, publish)
      await vi.waitFor(() => expect(published).toEqual([1, 4]))
      await box.append(5)
      await box.appendAbout('thing:poison', 6)
      await vi.waitFor(() => expect(published).toEqual([1, 4, 5]))
      await pause(50)
      expect(reader.tries, 'not tried again before its time').toBe(1)
      expect(await box.failures()).toMatchObject([{ event_id: poison, failure: '2 makes no sense' }])

      reader.poisoned = false
      box.clock.pass(anyPauseMs)
      await vi.waitFor(() => expect(published).toEqual([1, 4, 5, 2, 3, 6]))
      await vi.waitFor(async () => expect(await box.unpublished()).toBe(0))
      expect(await box.failures()).toEqual([])
      expect(box.setAside).toEqual([])
    })

    it('is set aside after so many attempts, and told of; what came after it leaves', async () => {
      await using box = await openOutbox(backend)
      const [poison] = await box.appendAbout('thing:poison', 1, 2)
      const { publish, published, reader } = publisher(1)
      box.relay(box.database, publish)
      for (let tries = 1; tries <= attemptsMax; tries++) {
        await vi.waitFor(() => expect(reader.tries).toBe(tries))
        await vi.waitFor(async () => expect((await box.failures())[0]).toMatchObject({ attempts: tries }))
        if (tries < attemptsMax) expect([published, box.setAside]).toEqual([[], []])
        box.clock.pass(anyPauseMs)
      }
      await vi.waitFor(() => expect(published).toEqual([2]))
      expect(box.setAside).toEqual([poison])
      expect(await box.failures()).toMatchObject([{ event_id: poison, next_attempt_at_ms: null }])
      box.clock.pass(100 * anyPauseMs)
      await pause(50)
      expect(reader.tries).toBe(attemptsMax)
      expect(await pruneOutbox(box.database, box.clock.now().getTime(), 10), 'and it is kept').toBe(1)
      expect(await box.unpublished()).toBe(1)

      expect(await box.listSetAside()).toEqual([{ id: poison, failure: '1 makes no sense' }])
      await box.putBack(poison!)
      await vi.waitFor(() => expect(box.setAside, 'tried once more, and in vain').toEqual([poison, poison]))
      await vi.waitFor(async () => expect(await box.failures()).toMatchObject([{ attempts: attemptsMax + 1 }]))

      reader.poisoned = false
      await box.putBack(poison!)
      await vi.waitFor(() => expect(published).toEqual([2, 1]))
      await vi.waitFor(async () => expect(await box.unpublished()).toBe(0))
      expect([await box.failures(), await box.listSetAside()]).toEqual([[], []])
    })

    it('is not to blame for an outage, however long that is', async () => {
      await using box = await openOutbox(backend)
      const ids = await box.append(1, 2)
      const published: string[] = []
      let tries = 0
      box.relay(box.database, async (events) => {
        box.clock.pass(anyPauseMs)
        if (++tries <= 2 * attemptsMax) throw new DomainError('service.unavailable', 'unavailable', { part: 'redis' })
        published.push(...events.map(({ id }) => id))
      })
      await vi.waitFor(() => expect(published).toEqual(ids), { timeout: 20_000 })
      expect([box.setAside, await box.failures()]).toEqual([[], []])
    })

    it('may be one whose text was spoilt', async () => {
      await using box = await openOutbox(backend)
      const [spoilt] = await box.append(1)
      await box.database.transaction((tx) => tx.change("UPDATE outbox SET payload = '{'"))
      await box.append(2)
      const { publish, published } = publisher(0)
      box.relay(box.database, publish)
      await vi.waitFor(() => expect(published).toEqual([2]))
      await vi.waitFor(async () => expect(await box.failures()).toMatchObject([{ event_id: spoilt }]))
    })
  })

  it('forgets published events after their time, and no others', async () => {
    await using box = await openOutbox(backend)
    await box.append(1, 2)
    const relay = box.relay(box.database, async () => {})
    await vi.waitFor(async () => expect(await box.unpublished()).toBe(0))
    await relay[Symbol.asyncDispose]()
    box.clock.pass(1000)
    const [kept] = await box.append(3)
    expect(await pruneOutbox(box.database, box.clock.now().getTime(), 1)).toBe(1)
    expect(await pruneOutbox(box.database, box.clock.now().getTime(), 10)).toBe(1)
    expect(await pruneOutbox(box.database, box.clock.now().getTime(), 10)).toBe(0)
    expect(await box.database.select('SELECT id FROM outbox')).toEqual([{ id: kept }])
  })

  it('knows the events that were set aside before their rows said so', async () => {
    await using opened = await backend.open()
    await using database = await openDatabase(readConfig({ ...opened.env }))
    const before = migrations.filter(({ name }) => name < '0010')
    await migrate(database, before, silent)
    for (const statement of [
      "INSERT INTO outbox VALUES ('new', 'x', 'x:1', '{}', 0, NULL), ('waiting', 'x', 'x:2', '{}', 0, NULL)",
      "INSERT INTO outbox VALUES ('set aside', 'x', 'x:3', '{}', 0, NULL), ('published', 'x', 'x:4', '{}', 0, 0)",
      "INSERT INTO outbox_failures VALUES ('waiting', 'x:2', 1, 0, 5, ''), ('set aside', 'x:3', 3, 0, NULL, '')",
    ])
      await database.sequelize.query(statement)
    await migrate(database, migrations, silent)
    expect(await database.select('SELECT id FROM outbox WHERE set_aside = 1')).toEqual([{ id: 'set aside' }])
  })

  // Only a server counts its reads.
  it.runIf(backend.name !== 'embedded')('does not look at what was set aside in every pass', async () => {
    await using box = await openOutbox(backend)
    const many = 400
    await box.append(...Array.from({ length: many }, (_, number) => number))
    const broken = box.relay(box.database, async () => {
      box.clock.pass(anyPauseMs)
      throw new Error('no event makes sense')
    })
    await vi.waitFor(() => expect(box.setAside).toHaveLength(many), { timeout: 30_000 })
    await broken[Symbol.asyncDispose]()
    const published: OutboxEvent[] = []
    await box.append(many)
    const statements = await sentStatements(box.database, async () => {
      const relay = box.relay(box.database, async (events) => void published.push(...events))
      await vi.waitFor(() => expect(published).toHaveLength(1))
      await relay[Symbol.asyncDispose]()
    })
    await box.append(many + 1)
    const looks = statements.filter((sql) => /^\s*SELECT/.test(sql))
    expect(looks.map((sql) => sql.includes('SKIP LOCKED'))).toEqual(expect.arrayContaining([false, true]))
    // The server plans by what it finds in the index, where it clears away what moved only in a while.
    const settled = { timeout: 30_000, interval: 100 }
    for (const sql of looks)
      await vi.waitFor(async () => expect(await rowsRead(box.database, sql), sql).toBeLessThan(many / 4), settled)
  })

  // The embedded database has one writer and one process: neither can happen there.
  describe.runIf(backend.name !== 'embedded')('shared by many', () => {
    it('loses nothing of a slow transaction whose events have lower ids', async () => {
      await using box = await openOutbox(backend)
      const published: string[] = []
      let finish = () => {}
      const finished = new Promise<void>((resolve) => {
        finish = resolve
      })
      let slowIds: string[] = []
      const slow = box.database.transaction(async (tx) => {
        slowIds = await box.outbox.append(tx, [event(1)])
        await finished
      })
      await vi.waitFor(() => expect(slowIds).toHaveLength(1))
      const quickIds = await box.append(2)
      expect(slowIds[0]! < quickIds[0]!).toBe(true)
      box.relay(box.database, async (events) => void published.push(...events.map(({ id }) => id)))
      await vi.waitFor(() => expect(published).toEqual(quickIds))
      finish()
      await slow
      await vi.waitFor(() => expect(published).toEqual([...quickIds, ...slowIds]))
    })

    it('publishes each event once from several nodes', async () => {
      await using box = await openOutbox(backend)
      const other = await box.openNode()
      const published: string[] = []
      const by: Record<string, number> = {}
      const publishAs = (node: string) => async (events: readonly OutboxEvent[]) => {
        await pause(2)
        by[node] = (by[node] ?? 0) + events.length
        published.push(...events.map(({ id }) => id))
      }
      box.relay(box.database, publishAs('first'))
      box.relay(other, publishAs('second'))
      const ids: string[] = []
      for (let i = 0; i < 60; i++) ids.push(...(await box.append(i * 3, i * 3 + 1, i * 3 + 2)))
      await vi.waitFor(async () => expect(await box.unpublished()).toBe(0), { timeout: 10_000 })
      expect([...published].sort()).toEqual([...ids].sort())
      expect(Object.keys(by).sort()).toEqual(['first', 'second'])
    })
  })
})
