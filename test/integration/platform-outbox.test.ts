import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import type { Database, DatabaseHooks } from '../../src/platform/database/database.ts'
import { createIds } from '../../src/platform/ids.ts'
import { createOutbox, type OutboxEvent, pruneOutbox, startOutboxRelay } from '../../src/platform/outbox.ts'
import { createResources } from '../../src/platform/resources.ts'
import { type Backend, backends } from '../support/backends.ts'
import { createTestClock, openMigrated, silent } from '../support/payments.ts'

const event = (number: number) => ({ type: 'thing.happened', subject: `thing:${number}`, payload: { number } })

/** Fresh data with a first node on it; `openNode` opens more. The embedded database serves one. */
async function openOutbox(backend: Backend, hooks?: DatabaseHooks) {
  const resources = createResources()
  const opened = resources.use(await backend.open())
  const clock = createTestClock()
  const database = resources.use(await openMigrated(opened.env, hooks))
  const outbox = createOutbox({ database, clock, ids: createIds(clock), wake() {} })
  const relay = (on: Database, publish: (events: readonly OutboxEvent[]) => Promise<void>, flush = async () => {}) =>
    resources.use(startOutboxRelay({ database: on, clock, publish, flush, batchMaxRows: 10, pollMs: 5, log: silent }))
  return {
    database,
    clock,
    relay,
    append: (...numbers: number[]) => database.transaction((tx) => outbox.append(tx, numbers.map(event))),
    outbox,
    openNode: async () => resources.use(await openMigrated(opened.env)),
    unpublished: async () =>
      (await database.select<{ id: string }>('SELECT id FROM outbox WHERE published_at_ms IS NULL')).length,
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  }
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
