import { readFile } from 'node:fs/promises'
import type { TestProject } from 'vitest/node'
import { hasMariadb, startPrivateMariadb } from './private-mariadb.ts'
import { hasRedis, startPrivateRedis } from './private-redis.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The run's own MariaDB, without a database name; undefined where none is installed. */
    mysqlUrl: string | undefined
    redisUrl: string | undefined
  }
}

/** Starts one MariaDB and one Redis for the whole run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await reportWhatIsLeftOut(project)
  const [mariadb, redis] = await Promise.all([
    hasMariadb() ? startPrivateMariadb() : undefined,
    hasRedis() ? startPrivateRedis() : undefined,
  ])
  project.provide('mysqlUrl', mariadb?.url)
  project.provide('redisUrl', redis?.url)
  return async () => {
    await Promise.all([mariadb?.[Symbol.asyncDispose](), redis?.[Symbol.asyncDispose]()])
  }
}

async function reportWhatIsLeftOut(project: TestProject): Promise<void> {
  const missing = [...(hasMariadb() ? [] : ['MariaDB']), ...(hasRedis() ? [] : ['Redis'])].join(' and ')
  if (!missing) return
  const { testFiles } = await project.globTestFiles()
  const sources = await Promise.all(testFiles.map((file) => readFile(file, 'utf8')))
  const concerned = sources.filter((source) => source.includes('support/backends')).length
  const message = `${missing} not found on PATH: ${concerned} test files run on the embedded database only`
  if (process.env.CI) throw new Error(`${message}, which is not enough for CI`)
  console.warn(message)
}
