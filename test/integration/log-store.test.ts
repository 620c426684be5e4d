import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { groupWrites } from '../../src/logscan/adapters/sequelize/group-store.ts'
import {
  createLogLists,
  type GroupListRequest,
  type LineListRequest,
} from '../../src/logscan/adapters/sequelize/log-lists.ts'
import { createLogQueries } from '../../src/logscan/adapters/sequelize/log-queries.ts'
import { createLogPruning } from '../../src/logscan/adapters/sequelize/log-retention.ts'
import { createMatchStore } from '../../src/logscan/adapters/sequelize/match-store.ts'
import { defineLogModels } from '../../src/logscan/adapters/sequelize/models.ts'
import { type FollowStep, type FoundLine, type MatchStore, StepConflict } from '../../src/logscan/app/match-store.ts'
import type { GroupWrites } from '../../src/logscan/app/ports.ts'
import { type Generation, noPiece } from '../../src/logscan/domain/follow/generation.ts'
import { type GroupMove, newForMs } from '../../src/logscan/domain/group/group-status.ts'
import type { Level } from '../../src/logscan/domain/log-pattern.ts'
import type { Database } from '../../src/platform/database/database.ts'
import { createIds } from '../../src/platform/ids.ts'
import { type Backend, backends, type OpenBackend } from '../support/backends.ts'
import { createTestClock, openMigrated } from '../support/payments.ts'
import { sentStatements } from '../support/sent-statements.ts'

const usual = { textsPerGroupAndMinute: 100, endedForMs: 14 * 24 * 3_600_000 }
const minuteMs = 60_000
const hourMs = 60 * minuteMs
const tables = ['log_generations', 'log_groups', 'log_group_changes', 'log_events', 'log_minutes', 'log_hours']
/** Bytes between the beginnings of two lines. */
const lineBytes = 100
const groupOf = (number: number) => number.toString(16).padStart(16, '0')
const allGroups: GroupListRequest = {
  ...{ status: null, level: null, source: null, search: null, sort: 'lastSeen', cursor: null, limit: 100 },
}
const linesOfGroup = (group: string): LineListRequest => ({
  ...{ group, source: null, from: null, to: null, cursor: null, limit: 10 },
})

function generationOf(id: string, given: Partial<Generation> = {}): Generation {
  const piece = { bytes: 4, hash: 'ab'.repeat(32) }
  return {
    ...{
      id,
      source: 'app',
      node: 'here',
      path: `/var/log/${id}.log`,
      device: '18446744073709551615',
      inode: '2',
      head: piece,
    },
    ...{ offset: 0, size: 0, newlines: 0, tail: noPiece, isEnded: false, losses: [], ...given },
  }
}

interface StepOf {
  readonly id?: string
  readonly from?: number | null
  readonly source?: string
  readonly lines?: readonly Partial<FoundLine>[]
}

/** A step that reads those lines, one below the other. */
function stepOf({ id = 'g', from = null, source = 'app', lines = [] }: StepOf): FollowStep {
  const start = from ?? 0
  const found = lines.map((line, index) => ({
    ...{ offset: start + index * lineBytes, length: lineBytes - 1, line: start / lineBytes + index + 1 },
    ...{ level: 'error' as const, time: null, patterns: ['p'], group: groupOf(1), text: `line ${index}`, ...line },
  }))
  return {
    generation: generationOf(id, { source, offset: start + lines.length * lineBytes, newlines: lines.length }),
    before: from,
    patternsVersion: 7,
    lines: found,
    groups: [...new Set(found.map(({ group }) => group))].map((group) => ({
      ...{ id: group, version: 1, template: `the template of ${group}\nError\nat frame` },
    })),
  }
}

const linesOf = (count: number, line: Partial<FoundLine> = {}) => Array.from({ length: count }, () => line)

interface Options {
  readonly textsPerGroupAndMinute?: number
}

async function openLogs(backend: Backend, options: Options = {}) {
  const opened = await backend.open()
  const database = await openMigrated(opened.env)
  const clock = createTestClock()
  const ids = createIds(clock)
  const news: string[] = []
  const store = createMatchStore({
    ...{ database, clock, ids, ...usual, ...options },
    onGroups: (told) => void news.push(...told.map(({ group, kind }) => `${kind} ${group}`)),
  })
  const queries = createLogQueries(database)
  const lists = createLogLists(database)
  const models = defineLogModels(database.sequelize)
  const moveAt: GroupWrites['move'] = (id, move, by) =>
    database.transaction((tx) => groupWrites(tx, { models, clock, ids }).move(id, move, by))
  let read = 0

  return {
    ...{ database, clock, store, queries, lists, news },

    /** Goes on with the one file. */
    async add(...lines: Partial<FoundLine>[]) {
      await store.keep([stepOf({ from: read === 0 ? null : read * lineBytes, lines })])
      read += lines.length
    },

    async move(id: string, move: GroupMove) {
      const { rowVersion } = (await queries.group(id))!
      return moveAt(id, move, { actor: 'staff:7', reason: 'by hand', rowVersion })
    },

    moveAt,
    statusOf: async (id = groupOf(1)) => (await queries.group(id))?.status,
    rows: (table: string) => database.select<Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY 1, 2`),
    everything: async () => Promise.all(tables.map((table) => database.select(`SELECT * FROM ${table} ORDER BY 1, 2`))),

    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]()
      await opened[Symbol.asyncDispose]()
    },
  }
}

type Logs = Awaited<ReturnType<typeof openLogs>>

/** Lines by group, as each of the tables counts them. */
async function totals({ database }: Pick<Logs, 'database'>) {
  const count = async (sql: string) => {
    const rows = await database.select<{ id: string; total: string | number }>(sql)
    return Object.fromEntries(rows.map(({ id, total }) => [id, Number(total)]))
  }
  const byHour = 'AS id, SUM(count) AS total FROM'
  expect(await count(`SELECT bucket_ms ${byHour} log_hour_totals GROUP BY bucket_ms ORDER BY 1`)).toEqual(
    await count(`SELECT bucket_ms ${byHour} log_hours GROUP BY bucket_ms ORDER BY 1`),
  )
  return {
    groups: await count('SELECT id, count AS total FROM log_groups ORDER BY id'),
    events: await count('SELECT group_id AS id, COUNT(*) AS total FROM log_events GROUP BY group_id ORDER BY group_id'),
    minutes: await count('SELECT group_id AS id, SUM(count) AS total FROM log_minutes GROUP BY group_id ORDER BY 1'),
    hours: await count('SELECT group_id AS id, SUM(count) AS total FROM log_hours GROUP BY group_id ORDER BY 1'),
  }
}

const sameEverywhere = (lines: Record<string, number>) => ({
  ...{ groups: lines, events: lines, minutes: lines, hours: lines },
})

describe.each(backends)('what a follower found, $name', (backend) => {
  it('is kept with how far it came, and both are found again', async () => {
    await using logs = await openLogs(backend)
    const { store, queries, lists, clock } = logs
    const time = clock.now().getTime() - 90 * minuteMs
    const patterns = ['oom', 'http-5xx']
    const step = stepOf({ id: 'one', lines: [{ time, patterns, text: 'out of memory' }, { level: 'fatal' }] })
    const generation: Generation = {
      ...step.generation,
      ...{ offset: 2 ** 52, newlines: 2 ** 33, tail: { bytes: 3, hash: 'cd'.repeat(32) } },
      losses: [{ reason: 'truncated', bytes: 12 }],
    }
    const other = generationOf('two', { source: 'other' })
    await store.keep([
      { ...step, generation },
      { generation: other, before: null, lines: [], groups: [], patternsVersion: 0 },
    ])
    expect(await store.load('here', ['app'])).toEqual([generation])
    expect(await store.load('here', [])).toEqual([])
    expect((await store.load('here', ['other', 'app'])).map(({ id }) => id).sort()).toEqual(['one', 'two'])
    const now = clock.now().getTime()
    expect(await queries.group(groupOf(1))).toEqual({
      ...{ id: groupOf(1), version: 1, title: `the template of ${groupOf(1)}`, template: step.groups[0]!.template },
      ...{
        level: 'fatal',
        status: 'new',
        since: now,
        mergedInto: null,
        ignoredUntil: null,
        ignoredUntilCount: null,
        assignee: null,
      },
      ...{ count: 2, firstSeen: time, lastSeen: now, firstStored: now, patterns: ['oom', 'http-5xx', 'p'] },
      ...{ sample: 'out of memory', rowVersion: 1 },
    })
    const { items, nextCursor } = await lists.lines({ ...linesOfGroup(groupOf(1)), limit: 5 })
    expect(nextCursor).toBeNull()
    expect(items.map(({ line }) => line)).toEqual([2, 1])
    expect(items[1]).toEqual({
      ...{ generation: 'one', source: 'app', path: generation.path, offset: 0, length: 99, line: 1, level: 'error' },
      ...{ group: groupOf(1), time, seenAt: now, patterns, patternsVersion: 7, text: 'out of memory' },
    })
  })

  it('is kept once: who reads from where somebody else has gone on is told, and changes nothing', async () => {
    await using logs = await openLogs(backend)
    const { store, news } = logs
    const first = stepOf({ lines: linesOf(3) })
    const second = stepOf({ from: 3 * lineBytes, lines: linesOf(2, { group: groupOf(2) }) })
    await store.keep([first])
    await store.keep([second])
    const before = await logs.everything()
    const conflict = (steps: FollowStep[]) => expect(store.keep(steps)).rejects.toEqual(new StepConflict('g'))
    await conflict([first])
    await conflict([second])
    // Steps beside it, which could be kept, are not.
    const fine = stepOf({ id: 'h', lines: linesOf(4) })
    await conflict([fine, second])
    await conflict([stepOf({ from: 9 * lineBytes, lines: linesOf(1, { group: groupOf(3) }) }), fine])
    await expect(store.keep([stepOf({ id: 'unknown', from: 100 })])).rejects.toMatchObject({ generation: 'unknown' })
    expect(await logs.everything()).toEqual(before)
    expect(await totals(logs)).toEqual(sameEverywhere({ [groupOf(1)]: 3, [groupOf(2)]: 2 }))
    expect(news).toEqual([`new ${groupOf(1)}`, `new ${groupOf(2)}`])
  })

  it('is kept by one of two who found it at the same time', async () => {
    await using logs = await openLogs(backend)
    const race = async (steps: FollowStep[]) => {
      const outcomes = await Promise.allSettled(steps.map((step) => logs.store.keep([step])))
      return outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.name : 'kept')).sort()
    }
    const same = (from: number | null) => [1, 2, 3, 4].map(() => stepOf({ from, lines: linesOf(5) }))
    const once = ['StepConflict', 'StepConflict', 'StepConflict', 'kept']
    expect(await race(same(null))).toEqual(once)
    expect(await race(same(5 * lineBytes))).toEqual(once)
    expect(await totals(logs)).toEqual(sameEverywhere({ [groupOf(1)]: 10 }))
  })

  it('leaves nothing behind if it cannot be kept', async () => {
    await using logs = await openLogs(backend)
    await logs.store.keep([stepOf({ id: 'before', lines: linesOf(1) })])
    const before = await logs.everything()
    // The last line stands where the first one does.
    const lines = [...linesOf(1200, { group: groupOf(2) }), { offset: 0, group: groupOf(3) }]
    await expect(logs.store.keep([stepOf({ lines })])).rejects.toThrow()
    expect(await logs.everything()).toEqual(before)
    expect(logs.news).toEqual([`new ${groupOf(1)}`])
  })

  it('adds up, with eight that write to the same groups in opposite orders', async () => {
    const textsPerGroupAndMinute = 50
    await using logs = await openLogs(backend, { textsPerGroupAndMinute })
    const [writers, rounds, groups] = [8, 6, 20]
    const write = async (writer: number) => {
      for (let round = 0; round < rounds; round++) {
        const order = Array.from({ length: groups }, (_, at) => (writer % 2 === 0 ? at : groups - 1 - at))
        const lines = order.flatMap((at) => linesOf(2, { group: groupOf(at), level: round > 2 ? 'fatal' : 'warn' }))
        const from = round === 0 ? null : round * lines.length * lineBytes
        await logs.store.keep([stepOf({ id: `writer ${writer}`, from, lines })])
      }
    }
    await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
    const each = Array.from({ length: groups }, (_, at) => [groupOf(at), writers * rounds * 2])
    expect(await totals(logs)).toEqual(sameEverywhere(Object.fromEntries(each)))
    expect(logs.news.sort()).toEqual(each.map(([id]) => `new ${id}`))
    const { items } = await logs.lists.groups(allGroups)
    expect(items.map(({ level }) => level)).toEqual(Array(groups).fill('fatal'))
    const rows = await logs.database.select<{ counted: string | number; kept: string | number }>(
      `SELECT (SELECT SUM(texts) FROM log_minutes WHERE group_id = e.group_id) AS counted, COUNT(text) AS kept
       FROM log_events e GROUP BY group_id`,
    )
    const texts = [textsPerGroupAndMinute, textsPerGroupAndMinute]
    expect(rows.map(({ counted, kept }) => [Number(counted), Number(kept)])).toEqual(Array(groups).fill(texts))
  })

  it('keeps its texts up to a bound in each minute of a group, and every count', async () => {
    await using logs = await openLogs(backend, { textsPerGroupAndMinute: 10 })
    const { clock, database } = logs
    const time = clock.now().getTime() - hourMs
    await logs.add(...linesOf(7, { time }), ...linesOf(8, { group: groupOf(2) }))
    await logs.add(...linesOf(5, { time, level: 'warn' }), ...linesOf(12, { time: time + minuteMs }))
    const rows = await database.select<{ id: string; at: string; total: string; texts: string }>(
      `SELECT group_id AS id, COALESCE(time_ms, 0) AS at, COUNT(*) AS total, COUNT(text) AS texts FROM log_events
       GROUP BY group_id, COALESCE(time_ms, 0) ORDER BY 1, 2`,
    )
    expect(rows.map((row) => [row.id, Number(row.at), Number(row.total), Number(row.texts)])).toEqual([
      [groupOf(1), time, 12, 10],
      [groupOf(1), time + minuteMs, 12, 10],
      [groupOf(2), 0, 8, 8],
    ])
    expect(await totals(logs)).toEqual(sameEverywhere({ [groupOf(1)]: 24, [groupOf(2)]: 8 }))
  })

  it('may be odd: long, empty, with half characters and control characters', async () => {
    await using logs = await openLogs(backend)
    const texts = [
      '',
      'x'.repeat(10_000),
      '\u{1f525}'.repeat(4096),
      `x${'\u{1f525}'.repeat(4096)}`,
      "it's \\ :p ? \u0007",
    ]
    const patterns = Array.from({ length: 300 }, (_, at) => `a pattern with a rather long name, ${at}`)
    const template = '\u{1f525}'.repeat(20_000)
    const step = stepOf({ lines: texts.map((text) => ({ text, patterns })) })
    await logs.store.keep([{ ...step, groups: [{ id: groupOf(1), version: 1, template }] }])
    const { items } = await logs.lists.lines(linesOfGroup(groupOf(1)))
    const kept = ['', 'x'.repeat(4096), '\u{1f525}'.repeat(2048), `x${'\u{1f525}'.repeat(2047)}`, texts[4]]
    expect(items.map(({ text }) => text).reverse()).toEqual(kept)
    expect(items[0]?.patterns).toEqual(patterns)
    const group = await logs.queries.group(groupOf(1))
    expect([group?.title, group?.template]).toEqual(['\u{1f525}'.repeat(100), '\u{1f525}'.repeat(4000)])
    await logs.store.keep([stepOf({ id: 'odd', lines: [{ text: 'half \ud83d and \0 nothing' }] })])
    const [odd] = await logs.database.select<{ text: string }>(
      "SELECT text FROM log_events WHERE generation_id = 'odd'",
    )
    expect(odd?.text).toBe('half \ufffd and \u2400 nothing')
    expect(await totals(logs)).toEqual(sameEverywhere({ [groupOf(1)]: 6 }))
  })

  it('is counted where its own time is, and no later than it was seen', async () => {
    await using logs = await openLogs(backend)
    const now = logs.clock.now().getTime()
    const times = [now - 3 * hourMs, now - 3 * hourMs + 59_999, null, now + 24 * hourMs]
    await logs.add(...times.map((time) => ({ time })))
    const at = (step: 'minute' | 'hour') =>
      logs.queries.series({ step, from: now - 10 * hourMs, to: now + hourMs, source: null, group: groupOf(1) })
    const points = [
      { at: now - 3 * hourMs, level: 'error', lines: 2 },
      { at: now, level: 'error', lines: 2 },
    ]
    expect(await at('minute')).toEqual(points)
    expect(await at('hour')).toEqual(points)
    expect(await logs.queries.group(groupOf(1))).toMatchObject({ firstSeen: now - 3 * hourMs, lastSeen: now })
  })

  it('is loaded as long as its end is not long ago', async () => {
    await using logs = await openLogs(backend)
    const { store, clock } = logs
    const end = async (id: string) => {
      const generation = generationOf(id, { isEnded: true })
      await store.keep([{ generation, before: null, lines: [], groups: [], patternsVersion: 0 }])
    }
    await end('long ago')
    clock.pass(10 * 24 * hourMs)
    await end('lately')
    await store.keep([stepOf({ id: 'open' })])
    const loaded = async () => (await store.load('here', ['app'])).map(({ id }) => id).sort()
    expect(await loaded()).toEqual(['lately', 'long ago', 'open'])
    clock.pass(5 * 24 * hourMs)
    expect(await loaded()).toEqual(['lately', 'open'])
  })
})

describe.each(backends)('the status of a group, $name', (backend) => {
  it('is new, and ongoing when it is seen again after an hour', async () => {
    await using logs = await openLogs(backend)
    await logs.add({})
    logs.clock.pass(newForMs - 1)
    await logs.add({})
    expect(await logs.statusOf()).toBe('new')
    logs.clock.pass(1)
    await logs.add({})
    await logs.add({})
    expect(await logs.statusOf()).toBe('ongoing')
    expect(logs.news).toEqual([`new ${groupOf(1)}`])
    const history = [{ from: 'new', to: 'ongoing', reason: 'seen_again', actor: null }]
    expect(await logs.queries.history(groupOf(1), 10)).toMatchObject(history)
  })

  it('regresses once by what is stamped after its resolve, and never by what is stamped before', async () => {
    await using logs = await openLogs(backend)
    const { clock, news } = logs
    await logs.add({}, { group: groupOf(2) })
    clock.pass(10_000)
    const resolvedAt = clock.now().getTime()
    expect(await logs.move(groupOf(1), { to: 'resolved' })).toBe(true)
    clock.pass(10_000)
    await logs.add({ time: resolvedAt - 1 }, { time: resolvedAt }, { time: resolvedAt - hourMs })
    expect([await logs.statusOf(), news.length]).toEqual(['resolved', 2])
    await logs.add({ time: resolvedAt - 1 }, { time: resolvedAt + 1 })
    await logs.add({ time: resolvedAt + 2 }, {})
    expect([await logs.statusOf(), news.slice(2)]).toEqual(['regressed', [`regressed ${groupOf(1)}`]])
    // A line that tells no time is of now.
    await logs.move(groupOf(1), { to: 'resolved' })
    clock.pass(1)
    await logs.add({})
    expect(news.slice(2)).toEqual([`regressed ${groupOf(1)}`, `regressed ${groupOf(1)}`])
    expect(await logs.statusOf(groupOf(2))).toBe('new')
    const history = await logs.queries.history(groupOf(1), 10)
    expect(history.map(({ from, to, reason, actor }) => `${from} ${to} ${reason} ${actor}`)).toEqual([
      'resolved regressed seen_after_resolve null',
      'regressed resolved by hand staff:7',
      'resolved regressed seen_after_resolve null',
      'new resolved by hand staff:7',
    ])
    expect(await logs.queries.group(groupOf(1))).toMatchObject({ count: 9, rowVersion: 5 })
  })

  it('is ignored until so many more lines came, or until a time, or for ever', async () => {
    await using logs = await openLogs(backend)
    const [many, time, ever] = [1, 2, 3].map(groupOf) as [string, string, string]
    const seeAll = () => logs.add(...[many, time, ever].map((group) => ({ group })))
    const statuses = () => Promise.all([many, time, ever].map((group) => logs.statusOf(group)))
    await seeAll()
    await logs.move(many, { to: 'ignored', until: null, lines: 3 })
    await logs.move(time, { to: 'ignored', until: logs.clock.now().getTime() + 60_000, lines: null })
    await logs.move(ever, { to: 'ignored', until: null, lines: null })
    await seeAll()
    await seeAll()
    expect(await statuses()).toEqual(['ignored', 'ignored', 'ignored'])
    await seeAll()
    expect(await statuses()).toEqual(['ongoing', 'ignored', 'ignored'])
    expect(await logs.queries.group(many)).toMatchObject({ count: 4, ignoredUntil: null, ignoredUntilCount: null })
    logs.clock.pass(60_000)
    await seeAll()
    expect(await statuses()).toEqual(['ongoing', 'ongoing', 'ignored'])
    expect(logs.news).toHaveLength(5)
  })

  it('is moved by staff who saw it as it is', async () => {
    await using logs = await openLogs(backend)
    await logs.add({})
    const by = { actor: 'staff:1', reason: 'fixed', rowVersion: 1 }
    const moves = await Promise.all([1, 2, 3].map(() => logs.moveAt(groupOf(1), { to: 'resolved' }, by)))
    expect(moves.sort()).toEqual([false, false, true])
    expect(await logs.moveAt(groupOf(9), { to: 'resolved' }, by)).toBe(false)
    expect(await logs.rows('log_group_changes')).toHaveLength(1)
  })
})

describe.each(backends)('what is shown of logs, $name', (backend) => {
  let logs: Logs
  let now: number
  const groups = 30

  beforeAll(async () => {
    logs = await openLogs(backend)
    now = logs.clock.now().getTime() + 30 * minuteMs
    logs.clock.pass(30 * minuteMs)
    const levels: Level[] = ['warn', 'error', 'fatal']
    const lines = Array.from({ length: groups }, (_, at) =>
      linesOf((at % 7) + 1, { group: groupOf(at), level: levels[at % 3]!, time: now - (at % 10) * 20 * minuteMs }),
    )
    await logs.add(...lines.flat())
    await logs.store.keep([stepOf({ id: 'h', source: 'other', lines: linesOf(4, { level: 'info', time: now - 1 }) })])
    for (const at of [3, 4, 5]) await logs.move(groupOf(at), { to: 'resolved' })
  })
  afterAll(() => logs[Symbol.asyncDispose]())

  it('counts lines by level, to the minute, by hours where there are whole ones', async () => {
    for (const [from, to] of [
      [0, 0],
      [0, 45],
      [-10, 15],
      [-60, 1],
      [-61, 1],
      [-185, -35],
      [-120, -60],
      [-1000, 1],
    ]) {
      for (const source of [null, 'app', 'other']) {
        const window = { from: now + from! * minuteMs, to: now + to! * minuteMs, source }
        const rows = await logs.database.select<{ level: Level; total: string | number }>(
          `SELECT level, COUNT(*) AS total FROM log_events e JOIN log_generations g ON g.id = e.generation_id
           WHERE time_ms >= :from AND time_ms < :to AND (:source IS NULL OR g.source = :source) GROUP BY level`,
          window,
        )
        const { lines, byLevel } = await logs.queries.summary(window)
        const counted = Object.entries(byLevel).filter(([, count]) => count > 0)
        const wanted = rows.map(({ level, total }) => [level, Number(total)])
        expect(counted.sort(), `${from} to ${to}, ${source}`).toEqual(wanted.sort())
        expect(lines).toBe(wanted.reduce((sum, [, count]) => sum + Number(count), 0))
      }
    }
  })

  it('is a series of minutes or hours', async () => {
    const request = { from: now - 10 * hourMs, to: now + 1, source: 'other', group: null }
    const point = { level: 'info', lines: 4 }
    const inMinutes = await logs.queries.series({ step: 'minute', ...request })
    expect(inMinutes).toEqual([{ at: now - minuteMs, ...point }])
    const inHours = await logs.queries.series({ step: 'hour', ...request })
    expect(inHours).toEqual([{ at: now - 30 * minuteMs, ...point }])
    await expect(logs.queries.series({ step: 'minute', ...request, from: 0 })).rejects.toThrow('at most')
  })

  it.each(['lastSeen', 'firstSeen', 'count'] as const)('is a list of groups by %s, page by page', async (sort) => {
    const whole = await logs.lists.groups({ ...allGroups, sort })
    expect([whole.items.length, whole.nextCursor]).toEqual([groups, null])
    const order = whole.items.map((group) => [group[sort], group.id] as const)
    expect(order).toEqual([...order].sort(([a, x], [b, y]) => b - a || (x < y ? 1 : -1)))
    const paged: string[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<Logs['lists']['groups']>> = await logs.lists.groups({
        ...{ ...allGroups, sort, cursor, limit: 7 },
      })
      paged.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(paged).toEqual(whole.items.map(({ id }) => id))
  })

  it('is a list by status, level and a part of the template', async () => {
    const list = async (request: Partial<GroupListRequest>) =>
      (await logs.lists.groups({ ...allGroups, ...request })).items.map(({ id }) => id).sort()
    expect(await list({ status: 'resolved' })).toEqual([3, 4, 5].map(groupOf))
    expect(await list({ status: 'resolved', level: 'fatal' })).toEqual([groupOf(5)])
    expect(await list({ level: 'info' })).toEqual([])
    expect(await list({ search: `OF ${groupOf(28)}` })).toEqual([groupOf(28)])
    for (const search of ['%', '_', '!', "'", '\\']) expect(await list({ search })).toEqual([])
  })

  it('is the lines of a group, page by page', async () => {
    const read: string[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<Logs['lists']['lines']>> = await logs.lists.lines({
        ...{ ...linesOfGroup(groupOf(1)), cursor, limit: 2 },
      })
      read.push(...page.items.map(({ generation, offset }) => `${generation} ${offset}`))
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(read).toEqual(['h 300', 'h 200', 'h 100', 'h 0', 'g 200', 'g 100'])
  })

  it.each(['x', Buffer.from('1:').toString('base64url'), Buffer.from('1:2:3:4').toString('base64url')])(
    'refuses the cursor %s',
    async (cursor) => {
      const refused = expect.objectContaining({ code: 'page.cursor_invalid' })
      await expect(logs.lists.groups({ ...allGroups, cursor })).rejects.toEqual(refused)
      await expect(logs.lists.lines({ ...linesOfGroup(groupOf(1)), cursor })).rejects.toEqual(refused)
    },
  )
})

describe.each(backends)('the retention of what was found, $name', (backend) => {
  const retention = { eventsMs: hourMs, minutesMs: 2 * hourMs, hoursMs: 30 * hourMs, alertsMs: hourMs, endedMs: hourMs }

  it('removes the oldest, so many at once; what is counted stays longer', async () => {
    await using logs = await openLogs(backend)
    const prune = createLogPruning(logs.database, retention)
    const now = () => logs.clock.now().getTime()
    await logs.add(...linesOf(250))
    logs.clock.pass(hourMs + minuteMs)
    await logs.add(...linesOf(10))
    const rounds = []
    for (let round = 0; round < 4; round++) rounds.push(await prune(now(), 100))
    expect(rounds).toEqual([true, true, false, false])
    const counted = { groups: { [groupOf(1)]: 260 }, hours: { [groupOf(1)]: 260 } }
    const kept = { ...counted, events: { [groupOf(1)]: 10 } }
    expect(await totals(logs)).toEqual({ ...kept, minutes: { [groupOf(1)]: 260 } })
    logs.clock.pass(hourMs)
    expect(await prune(now(), 100)).toBe(false)
    expect(await totals(logs)).toEqual({ ...kept, minutes: { [groupOf(1)]: 10 } })
  })

  it('removes groups that are seen no more, and what is known of them, unless they are ignored or merged', async () => {
    await using logs = await openLogs(backend)
    const prune = createLogPruning(logs.database, retention)
    await logs.add(...[1, 2, 3, 4, 5].map((number) => ({ group: groupOf(number) })))
    await logs.move(groupOf(2), { to: 'ignored', until: null, lines: null })
    await logs.move(groupOf(1), { to: 'resolved' })
    const models = defineLogModels(logs.database.sequelize)
    const { clock } = logs
    await logs.database.transaction((tx) =>
      groupWrites(tx, { models, clock, ids: createIds(clock) }).merge(groupOf(3), [groupOf(4)], {
        actor: 'a',
        reason: '',
      }),
    )
    await logs.store.keep([
      { ...stepOf({ id: 'over' }), generation: generationOf('over', { offset: 5, isEnded: true }) },
    ])
    logs.clock.pass(31 * hourMs)
    await logs.add({ group: groupOf(5) })
    expect(await prune(clock.now().getTime(), 2)).toBe(true)
    while (await prune(clock.now().getTime(), 100));
    const left = await logs.database.select<{ id: string }>('SELECT id FROM log_groups ORDER BY id')
    expect(left.map(({ id }) => id)).toEqual([2, 3, 4, 5].map(groupOf))
    const countOf = async (table: string) =>
      Number((await logs.database.select<{ n: unknown }>(`SELECT COUNT(*) AS n FROM ${table}`))[0]?.n)
    // That it is there again.
    expect(await countOf('log_group_changes')).toBe(1)
    expect(await countOf('log_hours')).toBe(1)
    expect((await logs.store.load('here', ['app'])).map(({ id }) => id)).toEqual(['g'])
    expect(await countOf('log_generations')).toBe(1)
  })
})

interface Plan {
  readonly table: string | null
  readonly type: string | null
  readonly key: string | null
  readonly Extra: string | null
}

// Only this dialect plans by statistics, and tells its statements.
describe.each(backends.filter(({ name }) => name !== 'embedded'))('the statements of $name', (backend) => {
  let opened: OpenBackend
  let database: Database
  let store: MatchStore
  const clock = createTestClock()

  beforeAll(async () => {
    opened = await backend.open()
    database = await openMigrated(opened.env)
    store = createMatchStore({ database, clock, ids: createIds(clock), ...usual })
    for (let file = 0; file < 8; file++) {
      const lines = Array.from({ length: 1000 }, (_, at) => ({
        group: groupOf((at + file) % 400),
        time: clock.now().getTime() - ((at * 7919) % 3000) * minuteMs,
        level: at % 5 === 0 ? ('warn' as const) : ('error' as const),
      }))
      await store.keep([stepOf({ id: `file ${file}`, source: `s${file % 4}`, lines })])
      clock.pass(minuteMs)
    }
    await database.sequelize.query(
      `INSERT INTO log_groups SELECT CONCAT('f', LPAD(seq, 15, '0')), version, template, title, level, status, status_since_ms,
         NULL, NULL, NULL, seq, first_seen_ms - seq, last_seen_ms - seq, first_stored_at_ms, patterns, sample, row_version, NULL
       FROM log_groups JOIN seq_1_to_5000 WHERE id = '${groupOf(1)}'`,
    )
    await database.sequelize.query("UPDATE log_groups SET status = 'resolved' WHERE id LIKE '%7'")
    await database.sequelize.query(`ANALYZE TABLE ${tables.join(', ')}`)
  })
  afterAll(async () => {
    await database[Symbol.asyncDispose]()
    await opened[Symbol.asyncDispose]()
  })

  it('are few, however many lines a step has', async () => {
    const step = (id: string, count: number) => {
      const time = clock.now().getTime()
      const lines = Array.from({ length: count }, (_, at) => ({ group: groupOf(500 + (at % 3)), time: time - at * 50 }))
      return stepOf({ id, lines })
    }
    const few = await sentStatements(database, () => store.keep([step('few', 6)]))
    const many = await sentStatements(database, () => store.keep([step('many', 5000)]))
    expect(few.length, few.map((sql) => sql.slice(0, 60)).join('\n')).toBeLessThanOrEqual(15)
    expect(many.length - few.length, 'statements for 5,000 lines').toBeLessThanOrEqual(9)
    const files = Array.from({ length: 300 }, (_, at) => step(`file number ${at}`, 3))
    const wide = await sentStatements(database, () => store.keep(files))
    expect(wide.length, 'statements for 300 files').toBeLessThanOrEqual(few.length + 1)
  })

  const window = { from: 0, to: 0, source: null }
  const hotPaths: {
    path: string
    table: string
    index: string | string[]
    sorted?: true
    walk(): Promise<unknown>
  }[] = [
    {
      path: 'the generations of a source',
      table: 'g',
      index: 'log_generations_source',
      walk: () => store.load('here', ['s1']),
    },
    ...(
      [
        ['lastSeen', 'last_seen'],
        ['firstSeen', 'first_seen'],
        ['count', 'count'],
      ] as const
    ).map(([sort, index]) => ({
      ...{ path: `groups by ${sort}`, table: 'log_groups', index: `log_groups_${index}`, sorted: true as const },
      walk: () => lists().groups({ ...allGroups, sort, limit: 10 }),
    })),
    {
      ...{ path: 'groups of a status', table: 'log_groups', index: 'log_groups_status', sorted: true },
      walk: () => lists().groups({ ...allGroups, status: 'resolved', limit: 10 }),
    },
    {
      ...{ path: 'groups of a level', table: 'log_groups', index: 'log_groups_level', sorted: true },
      walk: () => lists().groups({ ...allGroups, level: 'warn', limit: 10 }),
    },
    {
      ...{ path: 'the next page of groups', table: 'log_groups', index: 'log_groups_last_seen', sorted: true },
      walk: async () => {
        const cursor = Buffer.from(`${clock.now().getTime() - 2990 * minuteMs}:${groupOf(3)}`).toString('base64url')
        await lists().groups({ ...allGroups, cursor, limit: 10 })
      },
    },
    {
      ...{ path: 'the lines of a group', table: 'e', index: 'log_events_group', sorted: true },
      walk: () => lists().lines(linesOfGroup(groupOf(3))),
    },
    {
      ...{ path: 'the counts of a window', table: 'log_minutes', index: 'PRIMARY' },
      walk: () =>
        queries().summary({ ...window, from: clock.now().getTime() - 90 * minuteMs, to: clock.now().getTime() }),
    },
    {
      ...{ path: 'the minutes of a group', table: 'log_minutes', index: 'log_minutes_group' },
      walk: () => {
        const to = clock.now().getTime()
        return queries().series({ step: 'minute', from: to - 2900 * minuteMs, to, source: null, group: groupOf(3) })
      },
    },
    ...(
      [
        ['log_events', 'log_events_seen'],
        ['log_minutes', 'PRIMARY'],
        ['log_hours', 'PRIMARY'],
        ['log_hour_totals', 'PRIMARY'],
        ['log_group_changes', 'log_group_changes_at'],
        ['log_alert_deliveries', 'log_alert_deliveries_updated'],
        ['log_alerts', 'log_alerts_at'],
        ['log_scans', 'log_scans_created'],
        ['log_generations', 'log_generations_ended'],
        ['log_followers', 'log_followers_updated'],
        ['g', 'log_groups_last_seen'],
      ] as const
    ).map(([table, index]) => ({
      ...{ path: `what is to be removed of ${table}`, table, index },
      walk: () => createLogPruning(database, { eventsMs: 0, minutesMs: 0, hoursMs: 0, alertsMs: 0, endedMs: 0 })(1, 10),
    })),
    {
      ...{ path: 'texts that a minute has', table: 'log_minutes', index: ['PRIMARY', 'log_minutes_group'] },
      walk: () => store.keep([stepOf({ id: 'one more', lines: linesOf(3) })]),
    },
  ]
  const queries = () => createLogQueries(database)
  const lists = () => createLogLists(database)

  it.each(hotPaths)('go by an index for $path', async ({ table, index, sorted, walk }) => {
    const statements = await sentStatements(database, walk)
    const plans: Plan[] = []
    for (const sql of statements.filter((text) => /^\s*(SELECT|UPDATE|DELETE)/i.test(text))) {
      const [rows] = (await database.sequelize.query(`EXPLAIN ${sql}`)) as unknown as [Plan[]]
      plans.push(...rows)
    }
    const scans = plans.filter(({ type, table: read }) => type === 'ALL' && read !== null && !read.startsWith('<'))
    expect(scans, 'whole tables that are read').toEqual([])
    const planned = plans.find((plan) => plan.table === table)
    expect([index].flat(), JSON.stringify(planned ?? statements)).toContain(planned?.key)
    if (sorted) expect(planned?.Extra ?? '').not.toContain('filesort')
  })
})
