import { readFile } from 'node:fs/promises'
import type { TestProject } from 'vitest/node'
import { hasBrowser } from './browser.ts'
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
  const { testFiles } = await project.globTestFiles()
  const sources = await Promise.all(testFiles.map((file) => readFile(file, 'utf8')))
  const filesWith = (name: string) => sources.filter((source) => source.includes(name)).length
  const servers = [...(hasMariadb() ? [] : ['MariaDB']), ...(hasRedis() ? [] : ['Redis'])].join(' and ')
  const left: string[] = []
  if (servers)
    left.push(
      `${servers} not found on PATH: ${filesWith('support/backends')} test files run on the embedded database only`,
    )
  if (!hasBrowser())
    left.push(`Chromium not found on PATH: ${filesWith('support/browser')} test file(s) leave out what needs a browser`)
  if (left.length === 0) return
  const message = left.join('\n')
  if (process.env.CI) throw new Error(`${message}\nThat is not enough for CI`)
  console.warn(message)
}
