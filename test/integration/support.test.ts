import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createConnection } from 'mysql2/promise'
import { describe, expect, inject, it, vi } from 'vitest'
import { backends } from '../support/backends.ts'
import { createDatabase, hasMariadb, startPrivateMariadb } from '../support/private-mariadb.ts'
import { hasRedis, startPrivateRedis } from '../support/private-redis.ts'

async function rows(url: string, sql: string): Promise<unknown> {
  const connection = await createConnection(url)
  try {
    return (await connection.query(sql))[0]
  } finally {
    await connection.end()
  }
}

async function command(url: string, ...[name, ...args]: [string, ...string[]]): Promise<unknown> {
  const redis = new Redis(url)
  try {
    return await redis.call(name, ...args)
  } finally {
    redis.disconnect()
  }
}

async function isReachable(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: null })
  redis.on('error', () => {})
  try {
    await redis.connect()
    return true
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}

const refuses = (url: string) => expect(rows(url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/)

describe.runIf(hasMariadb())('a private MariaDB', () => {
  it('answers, and keeps what was committed across a kill and a restart', async () => {
    const server = await startPrivateMariadb()
    await using disposed = server
    await using database = await createDatabase(disposed.url)
    await rows(database.url, 'CREATE TABLE coin (side VARCHAR(9)) ENGINE=InnoDB')
    await rows(database.url, `INSERT INTO coin VALUES ('heads 🪙')`)

    await server.kill()
    await refuses(server.url)
    await server.restart()
    expect(await rows(database.url, 'SELECT side FROM coin')).toEqual([{ side: 'heads 🪙' }])

    await server.stop()
    await refuses(server.url)
    await server.restart()
    expect(await rows(database.url, 'SELECT side FROM coin')).toEqual([{ side: 'heads 🪙' }])
  })

  it('is durable at each commit', async () => {
    const url = inject('mysqlUrl')
    expect(await rows(String(url), 'SELECT @@innodb_flush_log_at_trx_commit AS flush')).toEqual([{ flush: 1 }])
  })

  it('leaves neither folder nor server behind', async () => {
    const server = await startPrivateMariadb()
    const pid = Number(await readFile(join(server.directory, 'guarded.pid'), 'utf8'))
    expect(process.kill(pid, 0)).toBe(true)
    await server[Symbol.asyncDispose]()
    expect(existsSync(server.directory)).toBe(false)
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
  })

  it('gives every caller another database, and drops it at disposal', async () => {
    const url = String(inject('mysqlUrl'))
    const first = await createDatabase(url)
    await using second = await createDatabase(url)
    expect(first.url).not.toBe(second.url)
    await first[Symbol.asyncDispose]()
    await expect(rows(first.url, 'SELECT 1')).rejects.toThrow(/Unknown database/)
    expect(await rows(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })
})

describe.runIf(hasRedis())('a private Redis', () => {
  it('answers, keeps its data across a kill and a restart, and leaves nothing behind', async () => {
    const server = await startPrivateRedis()
    await command(server.url, 'SET', 'coin', 'heads')
    await server.kill()
    await server.restart()
    expect(await command(server.url, 'GET', 'coin')).toBe('heads')
    await server.restart()
    expect(await command(server.url, 'GET', 'coin')).toBe('heads')

    await server[Symbol.asyncDispose]()
    expect(existsSync(server.directory)).toBe(false)
    expect(await isReachable(server.url)).toBe(false)
  })

  it('is gone, with its folder, when the process that started it was killed', async () => {
    const script = `
      import { startPrivateRedis } from './private-redis.ts'
      startPrivateRedis().then(({ url, directory }) => console.log(JSON.stringify({ url, directory })))
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
      cwd: join(import.meta.dirname, '../support'),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(parent.stdout, 'data')
    const { url, directory } = JSON.parse(String(line))
    expect(await isReachable(url)).toBe(true)

    parent.kill('SIGKILL')
    await vi.waitFor(() => expect(existsSync(directory)).toBe(false), { timeout: 10_000 })
    expect(await isReachable(url)).toBe(false)
  })
})

describe.each(backends)('backend $name', (backend) => {
  it('opens an empty place each time and removes it at disposal', async () => {
    const [first, second] = [await backend.open(), await backend.open()]
    expect(first.env.DATA_DIR).not.toBe(second.env.DATA_DIR)
    if (backend.name === 'mariadb+redis') {
      expect(await rows(String(first.env.MYSQL_URL), 'SHOW TABLES')).toEqual([])
      expect(await command(String(first.env.REDIS_URL), 'PING')).toBe('PONG')
      expect(first.env.REDIS_PREFIX).not.toBe(second.env.REDIS_PREFIX)
      expect(first.env.MYSQL_URL).not.toBe(second.env.MYSQL_URL)
    }
    await first[Symbol.asyncDispose]()
    await second[Symbol.asyncDispose]()
    expect(existsSync(String(first.env.DATA_DIR))).toBe(false)
  })
})
