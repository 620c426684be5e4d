import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../src/platform/config.ts'
import { openDatabase } from '../../src/platform/database/database.ts'
import { backends, type OpenBackend } from '../support/backends.ts'
import { migrateSchema, roomyEnv } from '../support/product.ts'
import { signInAdmin } from '../support/sdk.ts'

const root = resolve(import.meta.dirname, '../..')
const hits = 150_000
const waits = { timeout: 60_000, interval: 100 }

describe.each(backends)('a scan whose process is killed ($name)', (backend) => {
  let folder: string
  let opened: OpenBackend
  let child: ChildProcess | null = null

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'xm-scan-'))
    opened = await backend.open()
    await migrateSchema({ ...roomyEnv, ...opened.env })
  })
  afterEach(async () => {
    child?.kill('SIGKILL')
    await opened[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  /** Gives its address. */
  async function start(): Promise<string> {
    const env = {
      ...process.env,
      ...roomyEnv,
      ...opened.env,
      LOG_LEVEL: 'info',
      LOG_SCAN_TELL_MS: '100',
      SIMULATOR_URL: 'http://127.0.0.1:9',
    }
    const started = spawn(process.execPath, [join(root, 'dist/src/main/serve.js')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child = started
    for await (const line of createInterface(started.stdout)) {
      const url = /"url":"(http[^"]+)"/.exec(line)?.[1]
      if (url === undefined) continue
      started.stdout.resume()
      return url
    }
    throw new Error('the server ended at its start')
  }

  it('is done again by another, and keeps each line once', async () => {
    const path = join(folder, 'app.log')
    const lines = Array.from({ length: hits }, (_, index) => `2026-02-03T04:05:06Z ERROR number ${index} failed\n`)
    await writeFile(path, lines.join(''))
    const first = await signInAdmin(await start())
    const { id } = await first.logs.scans.start.mutate({ paths: [path] })
    await vi.waitFor(async () => {
      const { linesKept } = await first.logs.scans.get.query({ id })
      expect(linesKept).toBeGreaterThan(0)
      expect(linesKept).toBeLessThan(hits)
    }, waits)
    const killed = child as unknown as ChildProcess
    const gone = once(killed, 'exit')
    killed.kill('SIGKILL')
    await gone

    const second = await signInAdmin(await start())
    const done = await vi.waitFor(async () => {
      const scan = await second.logs.scans.get.query({ id })
      expect(scan.status).toBe('done')
      return scan
    }, waits)
    expect(done.linesMatched).toBe(hits)
    expect(done.linesKept).toBeLessThan(hits)
    await using database = await openDatabase(readConfig(opened.env))
    const one = async (sql: string) => Number((await database.select<{ n: unknown }>(sql, {}))[0]?.n)
    expect(await one('SELECT COUNT(*) AS n FROM log_events')).toBe(hits)
    expect(await one('SELECT COUNT(DISTINCT line) AS n FROM log_events')).toBe(hits)
    expect(await one('SELECT SUM(count) AS n FROM log_groups')).toBe(hits)
    expect(await one('SELECT SUM(count) AS n FROM log_hour_totals')).toBe(hits)
  }, 150_000)
})
