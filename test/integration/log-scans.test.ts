import { execFile } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ServerEvents, XmClient } from '../../client-sdk/src/index.ts'
import { backends } from '../support/backends.ts'
import { logscanFile } from '../support/logscan-command.ts'
import { openProduct, type Product } from '../support/product.ts'
import { fieldsOf, refusalOf, signInAdmin } from '../support/sdk.ts'

const run = promisify(execFile)
const waits = { timeout: 30_000, interval: 50 }
const words = ['apple', 'bread', 'chair', 'dream', 'eagle']
const errorLines = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => {
    const number = from + index
    return `2026-02-03T04:05:06Z ERROR the ${words[number % words.length]} number ${number} is lost\nINFO fine\n`
  }).join('')

describe.each(backends)('scans that staff start, $name', (backend) => {
  let product: Product
  let admin: XmClient
  let folder: string
  let made = 0
  const heard: ServerEvents['logs:scan'][] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'xm-scans-'))
    product = await openProduct(backend, {
      ...{ LOG_SCAN_POLL_MS: '100', LOG_SCAN_TELL_MS: '50', LOG_SCANS_QUEUED_MAX: '4', LOG_SCAN_FILES_MAX: '50' },
      ...{ LOG_SOURCE_ROOTS: folder, LOG_REFRESH_MS: '300', LOG_LOOK_MS: '500' },
    })
    admin = await signInAdmin(product.app.url)
    admin.realtime.watchLogs({ onScan: (scan) => heard.push(scan) })
    await vi.waitFor(() => expect(admin.realtime.status).toBe('connected'), waits)
    await new Promise((done) => setTimeout(done, 300))
  })
  afterAll(async () => {
    admin.realtime.close()
    await product[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  function newFolder(): string {
    const path = join(folder, `${++made}`)
    mkdirSync(path)
    return path
  }
  const scans = () => admin.logs.scans
  async function ended(id: string) {
    return vi.waitFor(async () => {
      const scan = await scans().get.query({ id })
      expect(['done', 'failed', 'canceled']).toContain(scan.status)
      return scan
    }, waits)
  }
  const scan = async (input: Parameters<XmClient['logs']['scans']['start']['mutate']>[0]) =>
    ended((await scans().start.mutate(input)).id)
  async function rowsOf(source: string): Promise<{ rows: number; counted: number }> {
    const { database } = product.app
    const one = async (sql: string) => Number((await database.select<{ n: unknown }>(sql, { source }))[0]?.n ?? 0)
    return {
      rows: await one(
        'SELECT COUNT(*) AS n FROM log_events e JOIN log_generations g ON g.id = e.generation_id WHERE g.source = :source',
      ),
      counted: await one('SELECT COALESCE(SUM(count), 0) AS n FROM log_hour_totals WHERE source = :source'),
    }
  }

  it('find what the command line finds, keep it once, and tell how far they are', async () => {
    const logs = newFolder()
    writeFileSync(join(logs, 'one.log'), errorLines(0, 30_000))
    writeFileSync(join(logs, 'two.log'), errorLines(30_000, 5000))
    const started = await scans().start.mutate({ paths: [logs], source: 'whole' })
    expect(started).toMatchObject({ status: 'queued', paths: [logs], source: 'whole', keep: true })
    const done = await ended(started.id)
    expect(done).toMatchObject({ status: 'done', files: 2, linesMatched: 35_000, linesKept: 35_000, problem: null })
    expect(done.bytesRead).toBe(done.bytesTotal)
    const { stdout } = await run(process.execPath, [logscanFile, 'scan', logs, '--count'])
    const counts = new Map(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split('\t') as [string, string]),
    )
    expect(done.result?.patterns.length).toBeGreaterThan(0)
    for (const { id, lines } of done.result?.patterns ?? []) expect(`${lines}`, id).toBe(counts.get(id))
    expect(done.result?.groups.map(({ lines }) => lines)).toEqual([7000, 7000, 7000, 7000, 7000])
    expect(done.result?.patterns[0]).toMatchObject({
      firstSeen: '2026-02-03T04:05:06.000Z',
      example: { path: join(logs, 'one.log'), line: 1 },
    })
    expect(await rowsOf('whole')).toEqual({ rows: 35_000, counted: 35_000 })
    const { items } = await admin.logs.groups.list.query({ source: 'whole' })
    expect(items.map(({ count }) => count)).toEqual([7000, 7000, 7000, 7000, 7000])

    const told = heard.filter(({ id }) => id === started.id)
    expect(told.at(0)?.status).toBe('queued')
    await vi.waitFor(() => expect(heard.filter(({ id }) => id === started.id).at(-1)?.status).toBe('done'), waits)
    expect(told.map(({ version }) => version)).toEqual(told.map(({ version }) => version).sort((a, b) => a - b))

    appendFileSync(join(logs, 'two.log'), errorLines(40_000, 100))
    const again = await scan({ paths: [logs], source: 'whole' })
    expect(again).toMatchObject({ status: 'done', linesMatched: 35_100, linesKept: 100 })
    expect(await rowsOf('whole')).toEqual({ rows: 35_100, counted: 35_100 })
  })

  it('keep nothing where that is not wanted, and only lines of the time that is', async () => {
    const logs = newFolder()
    writeFileSync(
      join(logs, 'a.log'),
      '2026-02-03T01:00:00Z ERROR a\n2026-02-03T02:00:00Z ERROR b\n2026-02-03T03:00:00Z ERROR c\n',
    )
    const counted = await scan({ paths: [join(logs, '*.log')], source: 'unkept', keep: false })
    expect(counted).toMatchObject({ linesMatched: 3, linesKept: 0, result: { groups: [] } })
    expect(await rowsOf('unkept')).toEqual({ rows: 0, counted: 0 })
    const [since, until] = ['2026-02-03T02:00:00Z', '2026-02-03T03:00:00Z']
    expect(await scan({ paths: [logs], keep: false, since, until })).toMatchObject({ linesMatched: 1 })
  })

  it('keep each line once beside those who follow, and after them', async () => {
    const logs = newFolder()
    const path = join(logs, 'app.log')
    writeFileSync(path, errorLines(0, 500))
    const source = await admin.logs.sources.add.mutate({ name: 'followed', paths: [logs] })
    await vi.waitFor(async () => expect(await rowsOf('followed')).toEqual({ rows: 500, counted: 500 }), waits)
    const beside = await scan({ paths: [logs], source: 'beside' })
    expect(beside).toMatchObject({ linesMatched: 500, linesKept: 0 })
    expect(beside.result?.problems).toEqual([`${path}: its lines are kept as those of followed, which is followed`])
    await admin.logs.sources.remove.mutate({ id: source.id })
    await new Promise((done) => setTimeout(done, 1000))
    appendFileSync(path, errorLines(500, 50))
    // What was compressed has the same text.
    writeFileSync(join(logs, 'app.log.1.gz'), gzipSync(errorLines(0, 510)))
    const after = await scan({ paths: [logs], source: 'after' })
    expect(after).toMatchObject({ linesMatched: 1060, linesKept: 60 })
    const again = await scan({ paths: [logs], source: 'after' })
    expect(again).toMatchObject({ linesMatched: 1060, linesKept: 0 })
    expect(await rowsOf('after')).toEqual({ rows: 60, counted: 60 })
  })

  it('tell what could not be read, and read the rest', async () => {
    const logs = newFolder()
    writeFileSync(join(logs, 'fine.log'), 'ERROR one\n')
    writeFileSync(join(logs, 'cut.log.gz'), gzipSync(errorLines(0, 20_000)).subarray(0, 4000))
    await run('mkfifo', [join(logs, 'pipe.log')])
    const done = await scan({
      paths: [join(logs, '*'), join(logs, 'pipe.log'), join(folder, 'nowhere.log')],
      source: 'partly',
    })
    expect(done).toMatchObject({ status: 'done', files: 2 })
    expect(done.linesMatched).toBeGreaterThan(1)
    const problems = done.result?.problems.join('\n')
    expect(problems).toContain('nowhere.log: ')
    expect(problems).toContain(`${join(logs, 'pipe.log')}: is no regular file`)
    expect(problems).toContain('cut.log.gz: the compressed data is damaged')
    expect(problems).toContain('cut.log.gz: its lines are not kept, as it is damaged')
    expect(await rowsOf('partly')).toEqual({ rows: 1, counted: 1 })
  })

  it('end when they are canceled, before and while they run; what has ended stays', async () => {
    const logs = newFolder()
    writeFileSync(join(logs, 'large.log'), errorLines(0, 300_000))
    const first = await scans().start.mutate({ paths: [logs], source: 'canceled' })
    const second = await scans().start.mutate({ paths: [logs], source: 'canceled' })
    await vi.waitFor(
      async () => expect((await scans().get.query({ id: first.id })).linesKept).toBeGreaterThan(0),
      waits,
    )
    expect(await scans().cancel.mutate({ id: second.id })).toMatchObject({ status: 'canceled' })
    expect(await scans().cancel.mutate({ id: first.id })).toMatchObject({ status: 'canceled' })
    const another = newFolder()
    writeFileSync(join(another, 'a.log'), 'ERROR a\n')
    // The process is free again at once.
    expect(await scan({ paths: [another], keep: false })).toMatchObject({ status: 'done', linesMatched: 1 })
    const { linesMatched } = await scans().get.query({ id: first.id })
    expect(linesMatched).toBeLessThan(300_000)
    const done = await scan({ paths: [another], keep: false })
    expect(await scans().cancel.mutate({ id: done.id })).toMatchObject({ status: 'done' })
    const { items } = await scans().list.query({ status: 'canceled', limit: 1 })
    expect(items).toMatchObject([{ id: second.id, status: 'canceled' }])
  }, 60_000)

  it('are refused where they do not fit, which is named', async () => {
    const outside = await refusalOf(scans().start.mutate({ paths: ['/etc/passwd'] }))
    expect(outside).toMatchObject({ code: 'logs.path_forbidden', details: { field: 'paths' } })
    const time = '2026-02-03T03:00:00Z'
    const empty = await refusalOf(scans().start.mutate({ paths: [folder], since: time, until: time }))
    expect(empty).toMatchObject({ code: 'logs.window_invalid', details: { field: 'until' } })
    expect(fieldsOf(await refusalOf(scans().start.mutate({ paths: ['relative'] })))).toEqual([
      'paths.0: invalid_format',
    ])
    expect(fieldsOf(await refusalOf(scans().start.mutate({ paths: [folder], source: 'config' })))).toEqual([
      'source: custom',
    ])
    const id = '01890000-0000-7000-8000-000000000000'
    for (const call of [scans().get.query({ id }), scans().cancel.mutate({ id })])
      expect(await refusalOf(call)).toMatchObject({ code: 'logs.scan_not_found', details: { field: 'id' } })
    const many = newFolder()
    for (let index = 0; index < 51; index++) writeFileSync(join(many, `${index}.log`), 'ERROR\n')
    expect(await scan({ paths: [many] })).toMatchObject({
      status: 'failed',
      problem: 'these are 51 files, more than 50',
    })
    const elsewhere = async () => {
      for (let index = 0; index < 6; index++) await scans().start.mutate({ paths: [folder], node: 'another-machine' })
    }
    expect(await refusalOf(elsewhere())).toMatchObject({ code: 'logs.too_many_scans', details: { max: 4 } })
    for (const { id: waiting } of (await scans().list.query({ status: 'queued' })).items)
      await scans().cancel.mutate({ id: waiting })
  })
})
