import {
  appendFileSync,
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { XmClient } from '../../client-sdk/src/index.ts'
import { headOf, tailOf } from '../../src/logscan/adapters/follow/file-text.ts'
import { factsAt } from '../../src/logscan/adapters/follow/open-files.ts'
import { createMatchStore } from '../../src/logscan/adapters/sequelize/match-store.ts'
import type { FollowStep, FoundLine } from '../../src/logscan/app/match-store.ts'
import { builtInPatterns } from '../../src/logscan/domain/pattern-pack.ts'
import { buildLogscan } from '../../src/main/build-logscan.ts'
import { createAudit } from '../../src/platform/audit.ts'
import { createIds } from '../../src/platform/ids.ts'
import { createWebhookSecrets } from '../../src/platform/webhooks-out/webhook-secrets.ts'
import { backends } from '../support/backends.ts'
import { openProduct, type Product } from '../support/product.ts'
import { clientOf, fieldsOf, refusalOf, type SignedUp, signInAdmin, signUp } from '../support/sdk.ts'

const hourMs = 3_600_000
/** Sources are looked at every two seconds. */
const waiting = { timeout: 20_000, interval: 200 }
const groupOf = (number: number) => number.toString(16).padStart(16, '0')

interface FileStep {
  readonly source: string
  readonly path: string
  readonly group: string
  readonly time?: number | null
  readonly level?: FoundLine['level']
}

describe.each(backends)('the API of the Log Scanner, $name', (backend) => {
  let product: Product
  let admin: XmClient
  let adminId: string
  let support: XmClient
  let user: SignedUp
  let folder: string
  let files = 0
  let groups = 0

  beforeAll(async () => {
    product = await openProduct(backend)
    admin = await signInAdmin(product.app.url)
    adminId = (await admin.auth.me.query()).user.id
    user = await signUp(product.app.url)
    support = await staffOf('support')
    folder = await mkdtemp(join(tmpdir(), 'xm-logs-'))
  })
  afterAll(async () => {
    await product[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  async function staffOf(role: string): Promise<XmClient> {
    const { id, handle } = await signUp(product.app.url)
    const { database } = product.app
    await database.transaction((tx) =>
      tx.change('UPDATE users SET roles = :roles WHERE id = :id', { id, roles: `${role},user` }),
    )
    const client = clientOf(product.app.url)
    await client.auth.login.mutate({ login: handle, password: 'a phrase for tests' })
    return client
  }

  const clock = { now: () => new Date() }
  const ids = createIds(clock)
  const newGroup = () => groupOf(++groups)

  function writeFile(text: string): string {
    const path = join(folder, `${++files}`, 'app.log')
    mkdirSync(join(path, '..'))
    writeFileSync(path, text)
    return path
  }

  /** Keeps the lines of a file that say ERROR, as a follower that has read all of it does. */
  async function follow({ source, path, group, time = null, level = 'error' }: FileStep): Promise<string> {
    const { database } = product.app
    const text = readFileSync(path)
    const generation = ids.next()
    const lines: FoundLine[] = []
    let offset = 0
    let line = 1
    for (const part of text.toString('latin1').split('\n').slice(0, -1)) {
      const length = part.endsWith('\r') ? part.length - 1 : part.length
      if (part.includes('ERROR'))
        lines.push({
          ...{ offset, length, line, level, time, patterns: ['p'], group },
          text: text.toString('utf8', offset, offset + length),
        })
      offset += part.length + 1
      line++
    }
    const fd = openSync(path, 'r')
    const { device, inode } = factsAt(path)!
    const step: FollowStep = {
      generation: {
        ...{ id: generation, source, node: 'here', path, device, inode, offset, newlines: line - 1, isEnded: false },
        ...{
          size: text.length,
          head: headOf(fd, offset),
          tail: tailOf(fd, offset),
          losses: [{ reason: 'truncated', bytes: 7 }],
        },
      },
      before: null,
      patternsVersion: 5,
      lines,
      groups: [{ id: group, version: 3, template: `failed in <*> ${group}\nSomeError\nat frame` }],
    }
    expect(fstatSync(fd).size).toBe(text.length)
    closeSync(fd)
    await createMatchStore({ database, clock, ids, textsPerGroupAndMinute: 100, endedForMs: 60_000 }).keep([step])
    return generation
  }

  const follows = async (source: string, group = newGroup(), lines = 1) => {
    await follow({ source, group, path: writeFile('an ERROR\n'.repeat(lines)) })
    return group
  }

  const auditOf = async (subject: string) => {
    const { database } = product.app
    const found = await createAudit({ database, clock, ids }).of(database, subject, 20)
    return found.map(({ actor, action, details }) => ({ actor, action, details }))
  }

  async function walk<Item>(ask: (cursor?: string) => Promise<{ items: Item[]; nextCursor: string | null }>) {
    const seen: Item[] = []
    let cursor: string | undefined
    do {
      const page = await ask(cursor)
      seen.push(...page.items)
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    return seen
  }
  function logscan() {
    const { database } = product.app
    const audit = createAudit({ database, clock, ids })
    const directory = { isStaff: async () => true, handlesOf: async () => new Map<string, string>() }
    const { config, log } = product.app
    return buildLogscan({
      database,
      clock,
      ids,
      audit,
      directory,
      config,
      log,
      webhookSecrets: createWebhookSecrets('x'),
      tellScan: () => {},
    })
  }
  const pageAfter = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor })

  describe('is for staff:', () => {
    const call = async (client: XmClient | null, path: string, type: string) => {
      const token = client === null ? undefined : (await client.session.current())?.accessToken
      const response = await fetch(`${product.app.url}/trpc/${path}`, {
        method: type === 'query' ? 'GET' : 'POST',
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(type === 'query' ? {} : { 'content-type': 'application/json' }),
        },
        ...(type === 'query' ? {} : { body: '{}' }),
      })
      const { error } = (await response.json()) as { error?: { data: { xm: { code: string } } } }
      return error?.data.xm.code ?? 'answered'
    }

    it('every procedure refuses an ordinary user, and who changes something is an admin', async () => {
      const record: object = product.app.router!._def.procedures
      const procedures = Object.entries(record as Record<string, { _def: { type: string } }>)
      const own = procedures.flatMap(([path, { _def }]) =>
        path.startsWith('logs.') ? [{ path, type: _def.type }] : [],
      )
      expect(own.map(({ path }) => path.slice('logs.'.length)).sort()).toEqual([
        ...['alerts.deliveries', 'alerts.list', 'alerts.redeliver', 'alerts.rules.create', 'alerts.rules.list'],
        ...['alerts.rules.remove', 'alerts.rules.rotateSecret', 'alerts.rules.setEnabled', 'alerts.rules.test'],
        'alerts.rules.update',
        ...[
          'events.context',
          'events.list',
          'groups.assign',
          'groups.get',
          'groups.list',
          'groups.merge',
          'groups.setStatus',
          'groups.split',
        ],
        ...[
          'patterns.create',
          'patterns.export',
          'patterns.import',
          'patterns.list',
          'patterns.remove',
          'patterns.setEnabled',
        ],
        ...['patterns.test', 'patterns.update'],
        ...['scans.cancel', 'scans.get', 'scans.list', 'scans.start', 'sources.add', 'sources.list', 'sources.pause'],
        ...['sources.remove', 'sources.resume', 'summary', 'timeseries'],
      ])
      const finance = await staffOf('finance')
      for (const { path, type } of own) {
        expect(await call(null, path, type), path).toBe('auth.required')
        expect(await call(user.client, path, type), path).toBe('auth.forbidden')
        expect(await call(finance, path, type), path).toBe('auth.forbidden')
        const isRead = type === 'query' || path === 'logs.patterns.test'
        const answer = await call(support, path, type)
        expect(['answered', 'input.invalid'].includes(answer), `${path}: ${answer}`).toBe(isRead)
        if (!isRead) expect(answer, path).toBe('auth.forbidden')
      }
    })
  })

  describe('groups', () => {
    it('are listed by status, level, source and text, and shown with their history', async () => {
      const path = writeFile('fine\nan ERROR\nanother ERROR\n')
      const group = newGroup()
      const time = Date.now() - 2 * hourMs
      await follow({ source: 'shop', path, group, time, level: 'fatal' })
      const other = await follows('other')
      const of = async (filter: object) =>
        (await support.logs.groups.list.query({ limit: 100, ...filter })).items.map(({ id }) => id)
      expect(await of({})).toEqual(expect.arrayContaining([group, other]))
      expect(await of({ source: 'shop' })).toEqual([group])
      expect(await of({ source: 'nobody' })).toEqual([])
      expect(await of({ level: 'fatal' })).toEqual([group])
      expect(await of({ search: `FAILED in <*> ${group}` })).toEqual([group])
      expect(await of({ search: '%' })).toEqual([])
      expect(await of({ status: 'resolved' })).toEqual([])
      expect(await of({ sort: 'firstSeen' })).toEqual([other, group])

      const shown = await support.logs.groups.get.query({ id: group })
      expect(shown).toMatchObject({
        ...{ id: group, status: 'new', level: 'fatal', title: `failed in <*> ${group}`, count: 2, patterns: ['p'] },
        ...{ firstSeen: new Date(time).toISOString(), lastSeen: new Date(time).toISOString(), sample: 'an ERROR' },
        ...{ assignee: null, version: 1, history: [], ignoredUntil: null },
        grouping: { version: 3, message: `failed in <*> ${group}`, trace: ['SomeError', 'at frame'] },
      })
      expect((await refusalOf(support.logs.groups.get.query({ id: 'feedfeedfeedfeed' }))).code).toBe(
        'logs.group_not_found',
      )
    })

    it('are walked page by page while others come, each once', async () => {
      const older: string[] = []
      for (let i = 0; i < 7; i++) older.push(await follows('walked'))
      const seen = await walk(async (cursor) => {
        const page = await support.logs.groups.list.query({
          source: 'walked',
          sort: 'firstSeen',
          limit: 3,
          ...pageAfter(cursor),
        })
        await follows('walked')
        return page
      })
      const ofOlder = seen.map(({ id }) => id).filter((id) => older.includes(id))
      expect(ofOlder).toHaveLength(7)
      expect(new Set(ofOlder)).toEqual(new Set(older))
    })

    it('get a status, once for each decision, with history and audit', async () => {
      const id = await follows('moved')
      const set = admin.logs.groups.setStatus
      const resolved = await set.mutate({ id, status: 'resolved', reason: 'fixed in 2.1', version: 1 })
      expect(resolved).toMatchObject({ id, status: 'resolved', version: 2 })
      const stale = await refusalOf(set.mutate({ id, status: 'ongoing', version: 1 }))
      expect(stale).toMatchObject({ code: 'logs.group_changed', details: { field: 'version', version: 2 } })
      const until = new Date(Date.now() + hourMs).toISOString()
      expect(await set.mutate({ id, status: 'ignored', until })).toMatchObject({ ignoredUntil: until, version: 3 })
      expect(await set.mutate({ id, status: 'ignored', lines: 5 })).toMatchObject({
        ...{ status: 'ignored', ignoredUntil: null, ignoredUntilCount: 6 },
      })
      expect(await set.mutate({ id, status: 'ignored' })).toMatchObject({ ignoredUntil: null, ignoredUntilCount: null })
      expect(await set.mutate({ id, status: 'ongoing' })).toMatchObject({ status: 'ongoing', version: 6 })
      const { history } = await support.logs.groups.get.query({ id })
      const actor = `staff:${adminId}`
      expect(history.map(({ from, to }) => `${from} ${to}`)).toEqual([
        'ignored ongoing',
        ...['ignored ignored', 'ignored ignored', 'resolved ignored', 'new resolved'],
      ])
      expect(history.at(-1)).toMatchObject({ reason: 'fixed in 2.1', actor })
      const audit = await auditOf(`log_group:${id}`)
      expect(audit).toHaveLength(5)
      expect(audit[0]).toEqual({
        ...{ actor, action: 'log_group.status_set', details: { to: 'resolved', reason: 'fixed in 2.1' } },
      })
    })

    it('are moved by one of those who decide at the same time', async () => {
      const id = await follows('raced')
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, () => admin.logs.groups.setStatus.mutate({ id, status: 'resolved', version: 1 })),
      )
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(await auditOf(`log_group:${id}`)).toHaveLength(1)
    })

    it('are not moved where the input is wrong, which is named', async () => {
      const id = await follows('refused')
      const set = admin.logs.groups.setStatus
      const past = await refusalOf(set.mutate({ id, status: 'ignored', until: new Date(1000).toISOString() }))
      expect(past).toMatchObject({ code: 'logs.ignore_until_past', details: { field: 'until' } })
      const misplaced = await refusalOf(set.mutate({ id, status: 'resolved', lines: 3 }))
      expect(fieldsOf(misplaced)).toEqual(['lines: custom'])
      const unknown = await refusalOf(set.mutate({ id: groupOf(999_999), status: 'resolved' }))
      expect(unknown).toMatchObject({ code: 'logs.group_not_found', details: { field: 'id' } })
      expect((await support.logs.groups.get.query({ id })).version).toBe(1)
      expect(await auditOf(`log_group:${id}`)).toEqual([])
    })

    it('are assigned to staff, and to nobody again', async () => {
      const id = await follows('assigned')
      const { assign } = admin.logs.groups
      const { user: one } = await support.auth.me.query()
      expect(await assign.mutate({ id, assignee: one.id, version: 1 })).toMatchObject({
        ...{ assignee: { id: one.id, handle: one.handle }, version: 2 },
      })
      const { items } = await support.logs.groups.list.query({ source: 'assigned' })
      expect(items).toMatchObject([{ assignee: { handle: one.handle } }])
      expect(await refusalOf(assign.mutate({ id, assignee: user.id }))).toMatchObject({
        ...{ code: 'logs.assignee_unknown', details: { field: 'assignee' } },
      })
      expect((await refusalOf(assign.mutate({ id, assignee: null, version: 1 }))).code).toBe('logs.group_changed')
      expect(await assign.mutate({ id, assignee: null })).toMatchObject({ assignee: null, version: 3 })
      expect((await auditOf(`log_group:${id}`)).map(({ action, details }) => [action, details.assignee])).toEqual([
        ['log_group.assigned', one.id],
        ['log_group.assigned', null],
      ])
    })
  })

  describe('groups that are merged', () => {
    const list = async (source: string) =>
      (await support.logs.groups.list.query({ source, limit: 100 })).items.map(({ id, count }) => [id, count])
    const counted = async (id: string) => (await support.logs.groups.get.query({ id })).count

    it('are one, with the lines that come later, until they are split', async () => {
      const { merge, split, setStatus } = admin.logs.groups
      const path = writeFile('an ERROR\nan ERROR\n')
      const early = Date.now() - 5 * hourMs
      const one = await follows('merged', newGroup(), 3)
      const two = newGroup()
      await follow({ source: 'merged.too', group: two, path, time: early, level: 'fatal' })
      const three = await follows('merged', newGroup(), 4)
      const into = await merge.mutate({ into: one, groups: [two, three, two], reason: 'the same fault' })
      expect(into).toMatchObject({ id: one, count: 9, level: 'fatal', firstSeen: new Date(early).toISOString() })
      expect(await list('merged')).toEqual([[one, 9]])
      expect(await list('merged.too')).toEqual([[one, 9]])

      const shown = await support.logs.groups.get.query({ id: one })
      expect(shown.members.map(({ id, count }) => [id, count])).toEqual([
        [three, 4],
        [two, 2],
      ])
      expect(shown.history[0]).toMatchObject({
        ...{ from: 'new', to: 'new', actor: `staff:${adminId}` },
        reason: `merged with ${two}, ${three}: the same fault`,
      })
      expect(await support.logs.groups.get.query({ id: two })).toMatchObject({ mergedInto: one, count: 2 })

      await setStatus.mutate({ id: one, status: 'resolved' })
      const later = Date.now() + 5000
      vi.useFakeTimers({ now: later, toFake: ['Date'] })
      try {
        await follow({ source: 'merged', group: three, path })
        await follow({ source: 'merged', group: one, path })
      } finally {
        vi.useRealTimers()
      }
      const back = await support.logs.groups.get.query({ id: one })
      expect(back).toMatchObject({ status: 'regressed', count: 13 })
      expect(back.history.filter(({ to, from }) => to === 'regressed' && from === 'resolved')).toHaveLength(1)
      const lines = await walk((cursor) =>
        support.logs.events.list.query({ group: one, limit: 5, ...pageAfter(cursor) }),
      )
      expect(lines).toHaveLength(13)
      expect(new Set(lines.map(({ id }) => id)).size).toBe(13)
      expect(new Set(lines.map(({ group }) => group))).toEqual(new Set([one]))
      expect(lines.map(({ seenAt }) => seenAt)).toEqual(
        lines
          .map(({ seenAt }) => seenAt)
          .sort()
          .reverse(),
      )
      const to = new Date(later + hourMs).toISOString()
      const { points } = await support.logs.timeseries.query({ group: one, step: 'hour', to })
      expect(points.reduce((sum, point) => sum + point.lines, 0)).toBe(13)

      expect(await split.mutate({ id: three })).toMatchObject({ count: 6, status: 'ongoing', mergedInto: null })
      expect(await counted(one)).toBe(7)
      expect(await split.mutate({ id: two })).toMatchObject({ count: 2 })
      const left = await support.logs.groups.get.query({ id: one })
      expect(left).toMatchObject({ count: 5, members: [] })
      expect(Date.parse(left.firstSeen)).toBeGreaterThan(Date.now() - 2 * hourMs)
      expect((await list('merged')).toSorted()).toEqual(
        [
          [one, 5],
          [three, 6],
        ].toSorted(),
      )
      expect((await auditOf(`log_group:${two}`)).map(({ action, details }) => [action, details.from])).toEqual([
        ['log_group.split', one],
      ])
    })

    it('take those along that were merged into them', async () => {
      const [one, two, three] = [await follows('chain'), await follows('chain', newGroup(), 2), await follows('chain')]
      const { merge, split } = admin.logs.groups
      await merge.mutate({ into: two, groups: [three] })
      expect(await merge.mutate({ into: one, groups: [two] })).toMatchObject({ count: 4 })
      expect([await counted(two), await counted(three)]).toEqual([2, 1])
      await follows('chain', three)
      expect([await counted(one), await counted(two), await counted(three)]).toEqual([5, 2, 2])
      expect(await split.mutate({ id: two })).toMatchObject({ count: 2 })
      expect(await counted(one)).toBe(3)
    })

    it('keep every line while lines come and staff merge and split', async () => {
      const keys = await Promise.all(Array.from({ length: 4 }, () => follows('stirred')))
      const [first = '', ...others] = keys
      const stirring = (async () => {
        for (let round = 0; round < 6; round++) {
          await admin.logs.groups.merge.mutate({ into: first, groups: others })
          for (const id of others) await admin.logs.groups.split.mutate({ id })
        }
        await admin.logs.groups.merge.mutate({ into: others[0]!, groups: [first, ...others.slice(1)] })
      })()
      const coming = keys.map(async (group) => {
        for (let i = 0; i < 12; i++) await follows('stirred', group, 2)
      })
      await Promise.all([stirring, ...coming])
      expect(await list('stirred')).toEqual([[others[0], 100]])
    })

    it('are refused where they do not fit, which is named', async () => {
      const { merge, split, setStatus, assign } = admin.logs.groups
      const [one, two, three] = [await follows('unfit'), await follows('unfit'), await follows('unfit')]
      await merge.mutate({ into: one, groups: [two] })
      const codes: [Promise<unknown>, string, string][] = [
        [merge.mutate({ into: one, groups: [one] }), 'logs.merge_with_itself', 'groups'],
        [merge.mutate({ into: one, groups: [two] }), 'logs.group_merged', 'groups'],
        [merge.mutate({ into: two, groups: [three] }), 'logs.group_merged', 'into'],
        [merge.mutate({ into: groupOf(999_999), groups: [three] }), 'logs.group_not_found', 'into'],
        [merge.mutate({ into: three, groups: [groupOf(999_999)] }), 'logs.group_not_found', 'groups'],
        [split.mutate({ id: three }), 'logs.group_not_merged', 'id'],
        [split.mutate({ id: groupOf(999_999) }), 'logs.group_not_found', 'id'],
        [setStatus.mutate({ id: two, status: 'resolved' }), 'logs.group_merged', 'id'],
        [assign.mutate({ id: two, assignee: adminId }), 'logs.group_merged', 'id'],
      ]
      for (const [call, code, field] of codes) expect(await refusalOf(call)).toMatchObject({ code, details: { field } })
      expect(await counted(one)).toBe(2)
    })
  })

  describe('lines', () => {
    it('of a group, a source or a time are walked page by page while others come, each once', async () => {
      const group = newGroup()
      const from = new Date()
      await follow({ source: 'lines', group, path: writeFile('an ERROR\n'.repeat(11)) })
      const seen = await walk(async (cursor) => {
        const page = await support.logs.events.list.query({ group, limit: 4, ...pageAfter(cursor) })
        await follow({ source: 'lines', group, path: writeFile('later ERROR\n') })
        return page
      })
      expect(seen.map(({ line }) => line)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
      expect(seen[0]).toMatchObject({ group, source: 'lines', offset: 90, length: 8, text: 'an ERROR', time: null })
      const count = async (filter: object) =>
        (await support.logs.events.list.query({ limit: 100, ...filter })).items.length
      const to = new Date(Date.now() + 60_000).toISOString()
      expect(await count({ source: 'lines', group })).toBe(14)
      expect(fieldsOf(await refusalOf(support.logs.events.list.query({ source: 'lines' })))).toEqual(['source: custom'])
      expect(await count({ source: 'lines', from: from.toISOString(), to })).toBe(14)
      expect(await count({ source: 'lines', group, to: from.toISOString() })).toBe(0)
      expect(await count({ source: 'lines', from: to })).toBe(0)
      expect((await refusalOf(support.logs.events.list.query({ cursor: 'nonsense' }))).code).toBe('page.cursor_invalid')
    })

    async function contextOf(text: string, most: { before?: number; after?: number } = {}) {
      const path = writeFile(text)
      const group = newGroup()
      await follow({ source: 'context', path, group })
      const { items } = await support.logs.events.list.query({ group })
      const { id } = items[0]!
      return { path, id, ask: () => support.logs.events.context.query({ id, ...most }) }
    }

    it('are shown among those around them', async () => {
      const numbers = Array.from({ length: 30 }, (_, index) => (index === 14 ? 'ERROR é\r\n' : `line ${index + 1}\n`))
      const { path, ask } = await contextOf(numbers.join(''), { before: 2, after: 3 })
      const at = (line: number) => Buffer.byteLength(numbers.slice(0, line - 1).join(''))
      const line = (number: number) => ({ line: number, offset: at(number), text: `line ${number}` })
      expect(await ask()).toEqual({
        ...{ path, before: [line(13), line(14)], after: [line(16), line(17), line(18)] },
        line: { line: 15, offset: at(15), text: 'ERROR é', isCut: false },
      })
    })

    it('have few around them at the ends of their file', async () => {
      const first = await (await contextOf('\ufeffone\nan ERROR\nlast')).ask()
      expect(first).toMatchObject({
        ...{ before: [{ line: 1, offset: 3, text: 'one' }], after: [{ line: 3, text: 'last' }] },
      })
      expect(await (await contextOf('ERROR\n')).ask()).toMatchObject({ before: [], after: [] })
      expect(await (await contextOf('a\nERROR\nb\n', { before: 0, after: 0 })).ask()).toMatchObject({
        ...{ before: [], after: [] },
      })
    })

    it('have 64 KiB around them at most', async () => {
      const long = `${'x'.repeat(50_000)}\n`
      const {
        before,
        line,
        after: below,
      } = await (await contextOf(`${long}${long}ERROR ${'y'.repeat(70_000)}\n${long}${long}`)).ask()
      expect([before.length, below.length]).toEqual([1, 1])
      expect(line).toMatchObject({ line: 3, isCut: true })
      expect(line.text).toHaveLength(65_536)
    })

    it('are found in a file that was renamed, and in no other', async () => {
      const { path, ask } = await contextOf('one\nan ERROR\n')
      renameSync(path, `${path}.1`)
      writeFileSync(path, 'one\nquite another text with an ERROR\n')
      expect(await ask()).toMatchObject({ before: [{ text: 'one' }], line: { text: 'an ERROR' } })
      writeFileSync(`${path}.1`, 'one\nno ERROR\n')
      expect(await refusalOf(ask())).toMatchObject({ code: 'logs.text_gone', details: { field: 'id', path } })
    })

    it('are gone with their file', async () => {
      const { path, ask } = await contextOf('one\nan ERROR\n')
      truncateSync(path, 3)
      expect((await refusalOf(ask())).code).toBe('logs.text_gone')
      await rm(join(path, '..'), { recursive: true })
      expect((await refusalOf(ask())).code).toBe('logs.text_gone')
    })

    it('are read by their ids only', async () => {
      const ask = (id: string) => refusalOf(support.logs.events.context.query({ id }))
      expect((await ask(`${ids.next()}:0`)).code).toBe('logs.event_not_found')
      expect(fieldsOf(await ask('/etc/passwd:0'))).toEqual(['id: invalid_format'])
      expect(fieldsOf(await refusalOf(support.logs.events.context.query({ id: 'a:0', before: 101 })))).toEqual([
        'before: too_big',
      ])
    })
  })

  describe('counts', () => {
    it('are told for a time, and step by step', async () => {
      const time = Date.UTC(2025, 2, 1, 10, 30)
      const group = newGroup()
      const path = writeFile('an ERROR\nanother ERROR\n')
      await follow({ source: 'counted', path, group, time })
      await follow({ source: 'counted', path: writeFile('ERROR\n'), group, time: time + 2 * hourMs, level: 'fatal' })
      const window = { from: '2025-03-01T10:00:00Z', to: '2025-03-01T13:00:00Z', source: 'counted' }
      expect(await support.logs.summary.query(window)).toMatchObject({
        ...{ from: '2025-03-01T10:00:00.000Z', lines: 3 },
        byLevel: { trace: 0, debug: 0, info: 0, warn: 0, error: 2, fatal: 1 },
        groups: { new: expect.any(Number), resolved: expect.any(Number) },
      })
      const byMinute = await support.logs.timeseries.query({ ...window, group })
      expect(byMinute).toMatchObject({
        step: 'minute',
        points: [
          { at: '2025-03-01T10:30:00.000Z', lines: 2, byLevel: { error: 2 } },
          { at: '2025-03-01T12:30:00.000Z', lines: 1, byLevel: { fatal: 1 } },
        ],
      })
      const byHour = await support.logs.timeseries.query({ ...window, step: 'hour' })
      expect(byHour.points.map(({ at, lines }) => `${at} ${lines}`)).toEqual([
        ...['2025-03-01T10:00:00.000Z 2', '2025-03-01T12:00:00.000Z 1'],
      ])
      expect((await support.logs.timeseries.query({ ...window, group: groupOf(4_000_000) })).points).toEqual([])
      const today = await support.logs.summary.query()
      expect(Date.parse(today.to) - Date.parse(today.from)).toBe(24 * hourMs)
    })

    it.each([
      ['to', 'empty', { from: '2025-03-01T10:00:00Z', to: '2025-03-01T10:00:00Z' }],
      ['from', 'empty', { from: '2999-01-01T00:00:00Z' }],
      ['to', 'too_long', { from: '2020-01-01T00:00:00Z', to: '2025-03-01T10:00:00Z' }],
      ['step', 'too_many_steps', { from: '2025-03-01T00:00:00Z', to: '2025-03-05T00:00:00Z', step: 'minute' as const }],
    ])('are not told where %s is %s', async (field, rule, window) => {
      const refusal = await refusalOf(support.logs.timeseries.query(window))
      expect(refusal).toMatchObject({ code: 'logs.window_invalid', details: { field, rule } })
    })

    it('are told of up to 3000 minutes', async () => {
      const window = { from: '2025-03-01T00:00:30Z', to: '2025-03-03T02:00:00Z', step: 'minute' as const }
      expect((await support.logs.timeseries.query(window)).step).toBe('minute')
    })
  })

  describe('patterns', () => {
    /** What a follower that has just been started is told. */
    async function currentPatterns() {
      const { version, patterns } = await logscan().plan()
      return { version: Number(version), patterns }
    }
    const all = () => walk((cursor) => support.logs.patterns.list.query({ limit: 10, ...pageAfter(cursor) }))

    it('are the built-in ones, which can be switched and not changed', async () => {
      const before = await currentPatterns()
      expect(before.patterns.map(({ id }) => id)).toEqual(builtInPatterns.map(({ id }) => id).sort())
      const { patterns } = admin.logs
      const off = await patterns.setEnabled.mutate({ id: 'http.5xx', isEnabled: false })
      expect(off).toMatchObject({ id: 'http.5xx', isBuiltIn: true, isEnabled: false, version: before.version + 1 })
      expect(off.regex).toBe('" 5\\d\\d (?:\\d+|-)')
      const now = await currentPatterns()
      expect(now.version).toBe(before.version + 1)
      expect(now.patterns.map(({ id }) => id)).toEqual(
        before.patterns.map(({ id }) => id).filter((id) => id !== 'http.5xx'),
      )
      // Again changes nothing.
      await patterns.setEnabled.mutate({ id: 'http.5xx', isEnabled: false })
      expect((await currentPatterns()).version).toBe(now.version)
      await patterns.setEnabled.mutate({ id: 'http.5xx', isEnabled: true })
      expect((await currentPatterns()).patterns).toEqual(before.patterns)
      const change = await refusalOf(patterns.update.mutate({ id: 'http.5xx', title: 'mine' }))
      expect(change).toMatchObject({ code: 'logs.pattern_built_in', details: { field: 'id' } })
      const actor = `staff:${adminId}`
      expect(await auditOf('log_pattern:http.5xx')).toEqual([
        { actor, action: 'log_pattern.disabled', details: { version: before.version + 1 } },
        { actor, action: 'log_pattern.enabled', details: { version: before.version + 2 } },
      ])
    })

    it('are made and changed, in versions that grow', async () => {
      const { patterns } = admin.logs
      const first = await patterns.create.mutate({ id: 'shop.stock', regex: 'out of stock: \\d+', level: 'warn' })
      expect(first).toMatchObject({
        title: 'shop.stock',
        level: 'warn',
        isBuiltIn: false,
        isEnabled: true,
        anyOf: null,
      })
      const second = await patterns.update.mutate({ id: 'shop.stock', anyOf: ['sold out', 'a\ttab'], ignoreCase: true })
      expect(second).toMatchObject({
        ...{ regex: null, anyOf: ['sold out', 'a\ttab'], ignoreCase: true, level: 'warn', title: 'shop.stock' },
        ...{ version: first.version + 1, createdAt: first.createdAt },
      })
      expect((await patterns.update.mutate({ id: 'shop.stock', title: 'shop.stock' })).version).toBe(second.version)
      const current = await currentPatterns()
      expect(current.patterns.find(({ id }) => id === 'shop.stock')).toEqual({
        ...{ id: 'shop.stock', title: 'shop.stock', level: 'warn', match: { anyOf: ['sold out', 'a\ttab'] } },
        ignoreCase: true,
      })
      await patterns.setEnabled.mutate({ id: 'shop.stock', isEnabled: false })
      expect((await currentPatterns()).patterns.map(({ id }) => id)).not.toContain('shop.stock')
      const listed = await all()
      expect(listed.map(({ id }) => id)).toEqual(listed.map(({ id }) => id).sort())
      expect(listed.find(({ id }) => id === 'shop.stock')).toMatchObject({ isEnabled: false, anyOf: second.anyOf })
      expect((await auditOf('log_pattern:shop.stock')).map(({ action }) => action)).toEqual([
        ...['log_pattern.created', 'log_pattern.updated', 'log_pattern.disabled'],
      ])
    })

    it('are removed, unless they are built in, in a version of its own', async () => {
      const { patterns } = admin.logs
      const { version } = await patterns.create.mutate({ id: 'shop.gone', regex: 'gone \\d+' })
      expect(await patterns.remove.mutate({ id: 'shop.gone' })).toEqual({ done: true })
      const now = await currentPatterns()
      expect(now.version).toBe(version + 1)
      expect(now.patterns.map(({ id }) => id)).not.toContain('shop.gone')
      expect((await all()).map(({ id }) => id)).not.toContain('shop.gone')
      expect(await auditOf('log_pattern:shop.gone')).toMatchObject([
        { action: 'log_pattern.created' },
        { action: 'log_pattern.removed', details: { version: version + 1 } },
      ])
      const again = await refusalOf(patterns.remove.mutate({ id: 'shop.gone' }))
      expect(again).toMatchObject({ code: 'logs.pattern_not_found', details: { field: 'id' } })
      const builtIn = await refusalOf(patterns.remove.mutate({ id: 'http.5xx' }))
      expect(builtIn).toMatchObject({ code: 'logs.pattern_built_in', details: { field: 'id' } })
      expect((await currentPatterns()).version).toBe(version + 1)
    })

    it('are shown with what it costs to look for them, alone and together', async () => {
      const { patterns } = admin.logs
      const rare = await patterns.create.mutate({ id: 'cost.rare', regex: 'xylophone \\d+' })
      expect(rare.cost).toMatchObject({ isFiltered: true })
      expect(rare.cost.looksPerMib).toBeLessThan(100)
      const { cost: cheap } = await support.logs.patterns.list.query({})
      expect(cheap).toMatchObject({ isFiltered: true, stepsMax: 100_000 })
      const common = await support.logs.patterns.test.mutate({ regex: 'e', text: 'one\ntwo\n' })
      expect(common).toMatchObject({ matches: 1, cost: { isFiltered: true } })
      expect(common.cost.looksPerMib).toBeGreaterThan(10_000)
      const dear = await patterns.create.mutate({ id: 'cost.dear', regex: '\\w*' })
      expect(dear.cost).toMatchObject({ isFiltered: false, looksPerMib: null })
      const { cost } = await support.logs.patterns.list.query({})
      expect(cost).toMatchObject({ isFiltered: false, steps: cheap.steps + dear.cost.steps })
      for (const id of ['cost.rare', 'cost.dear']) await patterns.remove.mutate({ id })
    })

    it('that are made at the same time get a version each', async () => {
      const { version } = await currentPatterns()
      const names = Array.from({ length: 6 }, (_, index) => `race.${index}`)
      const made = await Promise.all(names.map((id) => admin.logs.patterns.create.mutate({ id, regex: id })))
      expect(made.map((pattern) => pattern.version - version).sort()).toEqual([1, 2, 3, 4, 5, 6])
      const same = await Promise.allSettled(
        names.map((title) => admin.logs.patterns.create.mutate({ id: 'race.same', title, regex: 'x' })),
      )
      expect(same.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect((await currentPatterns()).version).toBe(version + 7)
    })

    it('that cannot be used are refused with the reason and the position', async () => {
      const { create, update, test } = admin.logs.patterns
      const { version } = await currentPatterns()
      const refusal = { code: 'logs.pattern_invalid', details: { field: 'regex', position: 3 } }
      const bad = await refusalOf(create.mutate({ id: 'bad', regex: 'abc(?=d)' }))
      expect(bad).toMatchObject(refusal)
      expect(bad.details.reason).toEqual(expect.any(String))
      expect(await refusalOf(test.mutate({ regex: 'abc(?=d)', text: 'abcd' }))).toMatchObject(refusal)
      await create.mutate({ id: 'good', regex: 'x' })
      expect(await refusalOf(update.mutate({ id: 'good', regex: 'abc(?=d)' }))).toMatchObject(refusal)
      expect((await refusalOf(create.mutate({ id: 'large', regex: '(?:[a-z]{1000}){150}' }))).code).toMatch(
        /^logs\.(?:pattern_invalid|too_many_patterns)$/,
      )
      expect((await refusalOf(create.mutate({ id: 'good', regex: 'y' }))).code).toBe('logs.pattern_taken')
      expect((await refusalOf(create.mutate({ id: 'http.5xx', regex: 'y' }))).code).toBe('logs.pattern_taken')
      expect((await refusalOf(update.mutate({ id: 'nobody', regex: 'y' }))).code).toBe('logs.pattern_not_found')
      expect((await currentPatterns()).version).toBe(version + 1)
    })

    it.each([
      ['id', { id: 'a b', regex: 'x' }],
      ['regex', { id: 'a' }],
      ['regex', { id: 'a', regex: 'x', anyOf: ['y'] }],
      ['regex', { id: 'a', regex: 'x\ny' }],
      ['anyOf', { id: 'a', anyOf: [] }],
      ['anyOf', { id: 'a', anyOf: Array(11).fill('x'.repeat(1000)) }],
      ['anyOf.1', { id: 'a', anyOf: ['y', ''] }],
      ['level', { id: 'a', regex: 'x', level: 'bad' as 'warn' }],
    ])('whose %s does not fit are refused', async (field, input) => {
      const refusal = await refusalOf(admin.logs.patterns.create.mutate(input))
      expect(refusal.code).toBe('input.invalid')
      expect(fieldsOf(refusal).map((text) => text.split(':')[0])).toEqual([field])
    })

    it('are tried on a text', async () => {
      const { test } = support.logs.patterns
      const text = 'fine\nüber Error 17\r\n\nERROR 4\nlast error 5'
      expect(await test.mutate({ regex: 'error \\d', ignoreCase: true, text })).toMatchObject({
        matches: 3,
        lines: [
          { line: 2, offset: 5, length: 14, text: 'über Error 17' },
          { line: 4, offset: 22, length: 7, text: 'ERROR 4' },
          { line: 5, offset: 30, length: 12, text: 'last error 5' },
        ],
      })
      expect(await test.mutate({ anyOf: ['17', '$'], text })).toMatchObject({ matches: 1, lines: [{ line: 2 }] })
      expect(await test.mutate({ regex: '^$', text: '' })).toMatchObject({ matches: 0, lines: [] })
      const many = await test.mutate({ regex: 'x', text: 'x\n'.repeat(25_000) })
      expect([many.matches, many.lines.length, many.lines.at(-1)?.line]).toEqual([25_000, 1000, 1000])
      expect(fieldsOf(await refusalOf(test.mutate({ regex: 'x', text: 'x'.repeat(50_001) })))).toEqual([
        'text: too_big',
      ])
    })

    it('that are large are tried on short texts, so that nobody has to wait', async () => {
      const { test } = support.logs.patterns
      const regex = '[ab][abc]{950}[ac]{950}x'
      const refusal = await refusalOf(test.mutate({ regex, text: 'abc'.repeat(16_000) }))
      expect(refusal).toMatchObject({ code: 'logs.text_too_long', details: { field: 'text', max: expect.any(Number) } })
      const { max } = refusal.details
      expect(await test.mutate({ regex, text: 'a'.repeat(max as number) })).toMatchObject({ matches: 0 })
    })

    it('are taken from YAML, all or none, and given as YAML', async () => {
      const { patterns } = admin.logs
      const yaml = [
        '- {id: in.one, regex: "one \\\\d", level: warn, title: "One: a # number"}',
        '- {id: in.two, any_of: ["two", "2"], ignore_case: true}',
      ].join('\n')
      expect(await patterns.import.mutate({ yaml })).toMatchObject({ created: 2, updated: 0, unchanged: 0 })
      const again = await patterns.import.mutate({ yaml: `${yaml}\n- {id: in.three, literal: "3 (three)"}` })
      expect(again).toMatchObject({ created: 1, updated: 0, unchanged: 2 })
      await patterns.setEnabled.mutate({ id: 'in.two', isEnabled: false })
      expect(await patterns.import.mutate({ yaml: '- {id: in.two, regex: "2"}' })).toMatchObject({ updated: 1 })
      const listed = await all()
      expect(listed.find(({ id }) => id === 'in.two')).toMatchObject({
        regex: '2',
        isEnabled: false,
        ignoreCase: false,
      })
      const written = await support.logs.patterns.export.query()
      expect(await patterns.import.mutate({ yaml: written.yaml })).toMatchObject({
        ...{ created: 0, updated: 0, unchanged: listed.filter(({ isBuiltIn }) => !isBuiltIn).length },
      })
      expect((await auditOf('log_pattern:in.one')).map(({ action }) => action)).toEqual(['log_pattern.created'])
    })

    it.each([
      ['a broken one', '- {id: in.bad, regex: "("}\n- {id: in.good, regex: x}', /^in\.bad: .* at position \d+$/],
      ['a built-in one', '- {id: http.5xx, regex: x}', /^http\.5xx: is built in/],
      ['a long list', `- {id: in.bad, any_of: [${Array(11).fill('x'.repeat(1000)).join(', ')}]}`, /any_of is longer/],
      ['a long id', `- {id: ${'x'.repeat(61)}, regex: x}`, /id is longer than 60/],
      ['a field too many', '- {id: in.bad, regex: x, flags: i}', /flags/],
      ['no list', 'hello', /list/],
      ['no YAML', '- {', /./],
      ['aliases of aliases', bomb(), /./],
    ])('are not taken from YAML with %s', async (_what, yaml, problem) => {
      const { version } = await currentPatterns()
      const refusal = await refusalOf(admin.logs.patterns.import.mutate({ yaml }))
      expect(refusal).toMatchObject({ code: 'logs.patterns_unreadable', details: { field: 'yaml' } })
      expect((refusal.details.problems as string[])[0]).toMatch(problem)
      expect((await currentPatterns()).version).toBe(version)
    })
  })

  describe('sources', () => {
    const sources = async () => walk((cursor) => support.logs.sources.list.query({ limit: 2, ...pageAfter(cursor) }))

    it('are added, paused, resumed and removed, with audit', async () => {
      const { add, pause, resume, remove } = admin.logs.sources
      const paths = ['/var/log/app.log', '/srv/*/logs/**/*.log']
      const added = await add.mutate({ name: 'nginx', paths })
      expect(added).toMatchObject({ name: 'nginx', paths, isPaused: false })
      const { id } = added
      expect(await refusalOf(add.mutate({ name: 'nginx', paths }))).toMatchObject({
        ...{ code: 'logs.source_taken', details: { field: 'name' } },
      })
      expect(await pause.mutate({ id })).toMatchObject({ isPaused: true })
      expect(await pause.mutate({ id })).toMatchObject({ isPaused: true })
      expect((await sources()).find(({ name }) => name === 'nginx')).toMatchObject({ isPaused: true, fileCount: 0 })
      expect(await resume.mutate({ id })).toMatchObject({ isPaused: false })
      expect(await remove.mutate({ id })).toEqual({ done: true })
      for (const call of [pause, resume, remove])
        expect((await refusalOf(call.mutate({ id }))).code).toBe('logs.source_not_found')
      expect((await auditOf(`log_source:${id}`)).map(({ action }) => action)).toEqual([
        ...['log_source.added', 'log_source.paused', 'log_source.resumed', 'log_source.removed'],
      ])
      expect((await add.mutate({ name: 'nginx', paths })).id).not.toBe(id)
    })

    it('are followed by whoever asks again, unless they are paused', async () => {
      const { plan } = logscan()
      const planned = async () => {
        const { version, sources, patterns } = await plan()
        return { version, names: sources.map(({ id }) => id).filter((id) => id.startsWith('plan.')), patterns }
      }
      const first = await planned()
      expect(first.names).toEqual([])
      const { id } = await admin.logs.sources.add.mutate({ name: 'plan.b', paths: ['/var/log/b', '/var/log/c'] })
      await admin.logs.sources.add.mutate({ name: 'plan.a', paths: ['/var/log/a'] })
      expect((await plan()).sources.find((source) => source.id === 'plan.b')?.names).toEqual([
        '/var/log/b',
        '/var/log/c',
      ])
      expect(await planned()).toEqual({ ...first, names: ['plan.a', 'plan.b'] })
      await admin.logs.sources.pause.mutate({ id })
      await admin.logs.patterns.create.mutate({ id: 'plan.x', regex: 'x' })
      const last = await planned()
      expect(last.names).toEqual(['plan.a'])
      expect(last.version).not.toBe(first.version)
      expect(last.patterns.map((pattern) => pattern.id)).toContain('plan.x')
    })

    it('are followed from when they are added, with the patterns of the moment', async () => {
      const path = writeFile('starting\npanic: the shop is on fire\n')
      const { id } = await admin.logs.sources.add.mutate({ name: 'live', paths: [path] })
      const list = () => support.logs.groups.list.query({ source: 'live' })
      await vi.waitFor(async () => expect((await list()).items).toHaveLength(1), waiting)
      const found = (await list()).items[0]!
      expect(found).toMatchObject({
        patterns: expect.arrayContaining(['go.panic']),
        level: 'fatal',
        sample: 'panic: the shop is on fire',
      })
      const { items } = await support.logs.events.list.query({ group: found.id })
      expect(items).toMatchObject([{ path, line: 2, offset: 9, source: 'live' }])
      expect(await support.logs.events.context.query({ id: items[0]!.id })).toMatchObject({
        before: [{ line: 1, text: 'starting' }],
      })
      await admin.logs.patterns.create.mutate({ id: 'live.smoke', regex: 'sm[o0]ke' })
      await vi.waitFor(async () => {
        appendFileSync(path, 'there is sm0ke\n')
        expect((await list()).items.flatMap(({ patterns }) => patterns)).toContain('live.smoke')
      }, waiting)
      await admin.logs.sources.remove.mutate({ id })
    })

    it('tell how far they were read, and what was lost', async () => {
      const path = writeFile('an ERROR\n')
      // Paused, so that nobody else reads on.
      const { id } = await admin.logs.sources.add.mutate({ name: 'read', paths: ['/var/log/not-there'] })
      await admin.logs.sources.pause.mutate({ id })
      const group = newGroup()
      for (let i = 0; i < 2; i++) await follow({ source: 'read', path, group })
      const found = (await sources()).find(({ name }) => name === 'read')
      expect(found).toMatchObject({ fileCount: 2, bytesRead: 18, losses: [{ reason: 'truncated', bytes: 14 }] })
      expect(found?.files).toHaveLength(2)
      expect(found?.files[0]).toMatchObject({ path, offset: 9, isEnded: false, losses: [{ bytes: 7 }] })
    })

    it('are walked newest first while others are added, each once', async () => {
      const older: string[] = []
      for (let i = 0; i < 5; i++)
        older.push((await admin.logs.sources.add.mutate({ name: `walk.${i}`, paths: ['/var/log/x'] })).name)
      let more = 0
      const seen = await walk(async (cursor) => {
        const page = await support.logs.sources.list.query({ limit: 2, ...pageAfter(cursor) })
        await admin.logs.sources.add.mutate({ name: `more.${more++}`, paths: ['/var/log/x'] })
        return page
      })
      expect(seen.slice(0, 5).map(({ name }) => name)).toEqual(older.reverse())
    })

    it.each([
      ['name', { name: 'a b', paths: ['/var/log/x'] }],
      ['name', { name: 'config', paths: ['/var/log/x'] }],
      ['paths', { name: 'a', paths: [] }],
      ['paths.0', { name: 'a', paths: ['var/log/x'] }],
      ['paths.1', { name: 'a', paths: ['/var/log/x', '/var/log/../../etc/shadow'] }],
      ['paths.0', { name: 'a', paths: ['/proc/self/environ'] }],
      ['paths.0', { name: 'a', paths: ['/var/log/a\nb'] }],
    ])('whose %s does not fit are refused', async (field, input) => {
      const refusal = await refusalOf(admin.logs.sources.add.mutate(input))
      expect(refusal.code).toBe('input.invalid')
      expect([...new Set(fieldsOf(refusal).map((text) => text.split(':')[0]))]).toEqual([field])
    })
  })
})

/** A text that would be endless if all its aliases were followed. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => `- &a${level + 1} [${Array(9).fill(`*a${level}`).join(', ')}]`)
  return ['- &a0 [x]', ...levels].join('\n')
}
