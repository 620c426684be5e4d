import { execFileSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase } from '../support/private-mariadb.ts'
import { runShell, type ShellRun } from '../support/shell.ts'

/** The README's commands, run as they stand there, in a fresh copy of what is committed. */
describe('the README', async () => {
  const readme = await readFile('README.md', 'utf8')
  const block = (marker: string) => {
    const found = readme.split(marker)[1]?.match(/```\w+\n([\s\S]*?)```/)?.[1]
    if (found === undefined) throw new Error(`the README has no block after ${marker}`)
    return found
  }
  const ports = { PORT: String(await freePort()), SIMULATOR_PORT: String(await freePort()) }
  let root = ''
  let checkout = ''
  let server: ShellRun

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'xm-readme-'))
    checkout = join(root, 'xm')
    await copyOfWhatIsTracked(checkout)
    server = runShell(block('## Two commands'), { cwd: checkout, env: { ...ports, npm_config_prefer_offline: 'true' } })
    await server.until(/XM listens at/, 240_000)
  }, 300_000)

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await rm(root, { recursive: true, force: true })
  })

  test('starts the product from nothing and shows the first admin once', async () => {
    await server.until(/The first admin was made[\s\S]*password +\S{20,}/, 10_000)
  })

  test('leads from the SDK to a paid deposit in ten minutes', async () => {
    await using install = runShell(block('first-ten-minutes: install'), {
      cwd: checkout,
      env: { npm_config_prefer_offline: 'true' },
    })
    expect(await install.ended, install.output()).toBe(0)
    const app = join(root, 'my-app')
    await writeFile(join(app, 'top-up.js'), block('first-ten-minutes: top-up.js'))
    const env = { XM_URL: `http://127.0.0.1:${ports.PORT}`, XM_GATEWAY: `http://127.0.0.1:${ports.SIMULATOR_PORT}` }
    await using run = runShell(block('first-ten-minutes: run'), { cwd: app, env })
    const shown = await run.until(/curl -X POST .*[\s\S]*s left[\s\S]*s left/, 30_000)
    await using pay = runShell(shown.match(/curl -X POST .*/)?.[0] ?? 'exit 9', { cwd: app })
    expect(await pay.ended, pay.output()).toBe(0)
    expect(await run.ended, run.output()).toBe(0)
    expect(run.output()).toContain('refused: deposit.amount_out_of_range, at least 10000')
    expect(run.output()).toContain('balance: 150000 IDR')
    expect(run.output()).toMatch(/result: paid\n[\s\S]* deposit\.created\n[\s\S]* deposit\.settled\nwallet: /)
  }, 180_000)

  test('scans logs with one command', async () => {
    await using scan = runShell(block('## Log Scanner'), { cwd: checkout })
    // Some of what lies there may not be readable, which is told in a line each.
    expect([0, 2]).toContain(await scan.ended)
    expect(scan.output()).not.toMatch(/^ +at /m)
  })

  test('checks the books with one command', async () => {
    await using books = runShell('npm run verify:ledger', { cwd: checkout, env: ports })
    expect(await books.ended, books.output()).toBe(0)
    expect(books.output()).toContain('The ledger is in order.')
  }, 120_000)

  test('ends in good order when it is told to', async () => {
    server.signal('SIGTERM')
    await server.ended
    expect(server.output()).toContain('ended')
  }, 30_000)

  test.runIf(inject('mysqlUrl') && inject('redisUrl'))(
    'moves to MySQL and Redis by two variables',
    async () => {
      await using database = await createDatabase(inject('mysqlUrl') ?? '')
      const addresses = `export MYSQL_URL=${database.url} REDIS_URL=${inject('redisUrl')}`
      const commands = block('**MySQL or MariaDB, and Redis.**').replace(/^export .*$/m, addresses)
      expect(commands).toContain(addresses)
      await using shared = runShell(commands, { cwd: checkout, env: ports })
      await shared.until(/XM listens at/, 120_000)
      const ready = await fetch(`http://127.0.0.1:${ports.PORT}/readyz`)
      expect(await ready.json()).toEqual({ ready: true, reason: null, degraded: [] })
    },
    180_000,
  )
})

async function copyOfWhatIsTracked(to: string): Promise<void> {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  })
  for (const file of files.split('\0').filter((name) => name !== '')) {
    await mkdir(dirname(join(to, file)), { recursive: true })
    await cp(file, join(to, file)).catch((error: unknown) => {
      // Deleted in the work tree, and not yet committed.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    })
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
