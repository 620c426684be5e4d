import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createApp } from '../../src/main/app.ts'
import { readConfig } from '../../src/platform/config.ts'
import { openDatabase } from '../../src/platform/database/database.ts'
import { backends, type OpenBackend } from '../support/backends.ts'
import { logscanFile } from '../support/logscan-command.ts'
import { createRandom } from '../support/prepared-lines.ts'
import { createDatabase, hasMariadb, startPrivateMariadb } from '../support/private-mariadb.ts'
import { roomyEnv } from '../support/product.ts'

const root = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
const killTimes = 20
const errors = Number(process.env.FOLLOW_LINES ?? 200_000)
/** 5,000 lines a second are written while the database is away. */
const outageMs = Number(process.env.FOLLOW_OUTAGE_MS ?? 60_000)
const errorLines = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `2026-02-03T04:05:06Z ERROR number ${from + index} failed\n`).join('')
/** Writes numbered errors between others, and renames the file every now and then, as logrotate does. */
const writer = `
  const { closeSync, openSync, renameSync, writeSync } = require('node:fs')
  const [path, count, perFile] = [process.argv[1], Number(process.argv[2]), Number(process.argv[3])]
  let [file, rotated] = [openSync(path, 'a'), 0]
  const write = (from) => {
    let text = ''
    for (let number = from; number < Math.min(from + 250, count); number++)
      text += 'INFO nothing of interest\\n2026-02-03T04:05:06Z ERROR number ' + number + ' failed\\n'
    writeSync(file, text)
    if (from + 250 >= count) return
    if ((from + 250) % perFile === 0) {
      renameSync(path, path + '.' + ++rotated)
      const old = file
      file = openSync(path, 'a')
      closeSync(old)
    }
    setTimeout(write, 4, from + 250)
  }
  write(0)
`

let folder: string
let opened: OpenBackend
const children = new Set<ChildProcess>()

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xm-follow-'))
  mkdirSync(join(folder, 'logs'))
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  await opened[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const env = () => ({ ...process.env, ...opened.env, LOG_CLAIM_MS: '4000' })

function follow(glob: string): ChildProcess {
  const args = [logscanFile, 'follow', glob, '--store', '--jobs', '1']
  const child = spawn(process.execPath, args, { env: env(), stdio: ['ignore', 'ignore', 'inherit'] })
  children.add(child)
  return child
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
  children.delete(child)
}

/** What is kept: rows, different texts, and the counts beside them. */
async function kept() {
  await using database = await openDatabase(readConfig(opened.env))
  const select = async (sql: string) => Number((await database.select<{ n: unknown }>(sql, {}))[0]?.n ?? 0)
  return {
    rows: await select('SELECT COUNT(*) AS n FROM log_events'),
    places: await select(
      'SELECT COUNT(*) AS n FROM (SELECT DISTINCT generation_id, offset_bytes FROM log_events) AS places',
    ),
    counted: await select('SELECT SUM(count) AS n FROM log_groups'),
    byMinute: await select('SELECT SUM(count) AS n FROM log_minutes'),
    groups: await select('SELECT COUNT(*) AS n FROM log_groups'),
  }
}

async function until<T>(look: () => Promise<T>, isThere: (found: T) => boolean, tries = 200): Promise<T> {
  for (let left = tries; ; left--) {
    const found = await look()
    if (isThere(found) || left === 0) return found
    await new Promise((done) => setTimeout(done, 300))
  }
}

describe.runIf(hasMariadb())('logscan follow --store, whose MariaDB is killed', () => {
  it('reads no further in bounded memory, and keeps every line once when it is back', async () => {
    await using server = await startPrivateMariadb()
    await using mysql = await createDatabase(server.url)
    opened = { env: { MYSQL_URL: mysql.url, DATA_DIR: folder }, [Symbol.asyncDispose]: async () => {} }
    await run(process.execPath, [join(root, 'dist/src/main/migrate.js')], { env: env() })
    const log = join(folder, 'logs', 'app.log')
    const following = follow(log)
    await appendFile(log, errorLines(0, 1000))
    await until(kept, ({ rows }) => rows === 1000)
    await server.kill()
    let written = 1000
    const stop = performance.now() + outageMs
    while (performance.now() < stop) {
      await appendFile(log, errorLines(written, 2500))
      written += 2500
      await new Promise((done) => setTimeout(done, 500))
    }
    const memoryKb = Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${following.pid}/status`, 'utf8'))?.[1])
    await server.restart()
    const found = await until(kept, ({ rows }) => rows >= written, 600)
    await kill(following, 'SIGTERM')
    expect(found).toEqual({ rows: written, places: written, counted: written, byMinute: written, groups: 1 })
    expect(memoryKb).toBeLessThan(300_000)
  }, 300_000)
})

describe('logscan follow --store, whose disk is full', () => {
  it('says so, and loses nothing', async () => {
    const [embedded] = backends
    opened = await (embedded as (typeof backends)[number]).open()
    await run(process.execPath, [join(root, 'dist/src/main/migrate.js')], { env: env() })
    const log = join(folder, 'logs', 'app.log')
    // No file may grow beyond a size that the database will want to.
    const command = ['-c', 'ulimit -f 4000; exec "$@"', 'sh', process.execPath, logscanFile, 'follow', log, '--store']
    const full = spawn('sh', command, { env: env(), stdio: ['ignore', 'ignore', 'pipe'] })
    children.add(full)
    let problems = ''
    full.stderr.on('data', (text) => {
      problems += text
    })
    const lines = 60_000
    for (let from = 0; from < lines; from += 10_000) await appendFile(log, errorLines(from, 10_000))
    await until(
      async () => problems,
      (text) => text.includes('cannot be kept'),
    )
    expect(problems).toContain(`${log}: what was found cannot be kept: `)
    const before = await kept()
    expect(before.rows).toBeLessThan(lines)
    expect(before.counted).toBe(before.rows)
    await kill(full, 'SIGKILL')
    const following = follow(log)
    const found = await until(kept, ({ rows }) => rows >= lines)
    await kill(following, 'SIGTERM')
    expect(found).toEqual({ rows: lines, places: lines, counted: lines, byMinute: lines, groups: 1 })
  }, 120_000)
})

describe.each(backends)('logscan follow --store ($name)', (backend) => {
  beforeEach(async () => {
    opened = await backend.open()
    await run(process.execPath, [join(root, 'dist/src/main/migrate.js')], { env: env() })
  })

  it(`keeps each of ${errors} lines once, killed ${killTimes} times while files are rotated`, async () => {
    const random = createRandom(7)
    const glob = join(folder, 'logs', '*.log*')
    const log = join(folder, 'logs', 'app.log')
    const writing = spawn(process.execPath, ['-e', writer, log, String(errors), '25000'], { stdio: 'inherit' })
    children.add(writing)
    for (let times = 0; times < killTimes; times++) {
      const child = follow(glob)
      await new Promise((done) => setTimeout(done, 600 + random.below(900)))
      await kill(child, 'SIGKILL')
    }
    const last = follow(glob)
    const found = await until(kept, ({ rows }) => rows >= errors)
    await kill(last, 'SIGTERM')
    expect(found).toEqual({ rows: errors, places: errors, counted: errors, byMinute: errors, groups: 1 })
  }, 240_000)

  it('keeps each line once that two processes follow, one of which is killed, and one stopped for long', async () => {
    const log = join(folder, 'logs', 'app.log')
    await writeFile(log, errorLines(0, 100))
    const first = follow(log)
    await until(kept, ({ rows }) => rows === 100)
    const second = follow(log)
    await appendFile(log, errorLines(100, 100))
    await until(kept, ({ rows }) => rows === 200)
    await kill(first, 'SIGKILL')
    await appendFile(log, errorLines(200, 100))
    await until(kept, ({ rows }) => rows === 300)

    // It stands still, and what it goes on with is somebody else's by then.
    const third = follow(log)
    await new Promise((done) => setTimeout(done, 2500))
    second.kill('SIGSTOP')
    await appendFile(log, errorLines(300, 5000))
    const found = await until(kept, ({ rows }) => rows >= 5300)
    second.kill('SIGCONT')
    await appendFile(log, errorLines(5300, 100))
    const last = await until(kept, ({ rows }) => rows >= 5400)
    await new Promise((done) => setTimeout(done, 1500))
    await kill(second, 'SIGTERM')
    await kill(third, 'SIGTERM')
    expect(found.rows).toBe(5300)
    expect(await kept()).toEqual(last)
    expect(last).toEqual({ rows: 5400, places: 5400, counted: 5400, byMinute: 5400, groups: 1 })
  }, 90_000)

  it('raises an alert once, which is delivered by another process if the one that found it is killed', async () => {
    const log = join(folder, 'logs', 'app.log')
    await writeFile(log, errorLines(0, 1000))
    const first = follow(log)
    await until(kept, ({ rows }) => rows === 1000)
    await kill(first, 'SIGKILL')
    await appendFile(log, errorLines(1000, 1000))
    const second = follow(log)
    await until(kept, ({ rows }) => rows === 2000)
    await kill(second, 'SIGKILL')
    await using database = await openDatabase(readConfig(opened.env))
    const deliveries = () =>
      database.select<{ status: string }>(
        'SELECT d.status, d.channel, a.kind FROM log_alert_deliveries d JOIN log_alerts a ON a.id = d.alert_id ORDER BY d.channel',
      )
    const of = (status: string) => ['log', 'socket'].map((channel) => ({ status, channel, kind: 'new_group' }))
    expect(await deliveries()).toEqual(of('pending'))
    const env = { ...roomyEnv, ...opened.env, GATEWAYS: '', LOG_SOURCES: '' }
    await using _ = await createApp(readConfig(env))
    const found = await until(deliveries, (rows) => rows.every(({ status }) => status === 'done'))
    expect(found).toEqual(of('done'))
  }, 60_000)

  it('holds a line back that has no end yet, over a kill', async () => {
    const log = join(folder, 'logs', 'app.log')
    await writeFile(log, 'INFO fine\nERR')
    const first = follow(log)
    await new Promise((done) => setTimeout(done, 2500))
    expect((await kept()).rows).toBe(0)
    await kill(first, 'SIGKILL')
    const second = follow(log)
    await appendFile(log, 'OR boom\n')
    const found = await until(kept, ({ rows }) => rows > 0)
    await kill(second, 'SIGTERM')
    expect(found).toMatchObject({ rows: 1, counted: 1 })
  }, 60_000)
})
