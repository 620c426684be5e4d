import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { createDatabase } from './private-mariadb.ts'

/** An empty place to keep data, as the environment variables that lead there; gone at disposal. */
export interface OpenBackend extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>
}

export interface Backend {
  readonly name: 'embedded' | 'mariadb+redis'
  open(): Promise<OpenBackend>
}

const embedded: Backend = {
  name: 'embedded',
  async open() {
    const { directory, remove } = await dataDirectory()
    return { env: { DATA_DIR: directory }, [Symbol.asyncDispose]: remove }
  },
}

const servers = (mysqlUrl: string, redisUrl: string): Backend => ({
  name: 'mariadb+redis',
  async open() {
    const { directory, remove } = await dataDirectory()
    const database = await createDatabase(mysqlUrl)
    return {
      env: {
        DATA_DIR: directory,
        MYSQL_URL: database.url,
        REDIS_URL: redisUrl,
        REDIS_PREFIX: `test:${randomBytes(6).toString('hex')}:`,
      },
      async [Symbol.asyncDispose]() {
        await database[Symbol.asyncDispose]()
        await remove()
      },
    }
  },
})

/**
 * Every way to keep data that this machine can test: `describe.each(backends)('$name', (backend) => ...)`. Without
 * MariaDB and Redis, and in the unit project, that is the embedded database alone.
 */
export const backends: readonly Backend[] = availableBackends()

function availableBackends(): Backend[] {
  const mysqlUrl = inject('mysqlUrl')
  const redisUrl = inject('redisUrl')
  return mysqlUrl && redisUrl ? [embedded, servers(mysqlUrl, redisUrl)] : [embedded]
}

async function dataDirectory() {
  const directory = await mkdtemp(join(tmpdir(), 'xm-data-'))
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) }
}
