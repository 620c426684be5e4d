import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createResources } from '../../src/platform/resources.ts'
import { createDatabase, startPrivateMariadb } from '../support/private-mariadb.ts'
import { startPrivateRedis } from '../support/private-redis.ts'
import type { PrivateServer } from '../support/private-server.ts'
import { migrateSchema, roomyEnv } from '../support/product.ts'
import type { DataKind } from './bench.ts'

/** Makes empty, migrated places to keep data. MariaDB and Redis are started once, when first asked for. */
export function createData() {
  const resources = createResources()
  let mariadb: Promise<PrivateServer> | undefined
  let redis: Promise<PrivateServer> | undefined

  async function started(starting: Promise<PrivateServer>): Promise<PrivateServer> {
    return resources.use(await starting)
  }

  return {
    async empty(kind: DataKind): Promise<Readonly<Record<string, string>>> {
      const directory = await mkdtemp(join(tmpdir(), 'xm-bench-'))
      resources.defer(() => rm(directory, { recursive: true, force: true }))
      const env: Record<string, string> = { ...roomyEnv, DATA_DIR: directory, SIMULATOR_URL: 'http://127.0.0.1:9' }
      if (kind !== 'embedded') {
        mariadb ??= started(startPrivateMariadb())
        env.MYSQL_URL = (await createDatabase((await mariadb).url)).url
      }
      if (kind === 'mariadb+redis') {
        redis ??= started(startPrivateRedis())
        env.REDIS_URL = (await redis).url
        env.REDIS_PREFIX = `bench:${randomBytes(6).toString('hex')}:`
      }
      await migrateSchema(env)
      return env
    },
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  }
}
