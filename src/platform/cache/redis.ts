import { Redis } from 'ioredis'
import type { Logger } from '../log.ts'

/** Connects, and keeps trying for as long as the process lives; calls made while it is away fail after a few tries. */
export async function openRedis(url: string, log: Logger): Promise<AsyncDisposable & { readonly client: Redis }> {
  const client = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 2,
    connectTimeout: 5_000,
    commandTimeout: 5_000,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
  })
  let down = false
  client.on('error', (error: Error) => {
    if (!down) log.error({ err: error }, 'Redis is away')
    down = true
  })
  client.on('ready', () => {
    if (down) log.info('Redis is back')
    down = false
  })
  await client.connect()
  return {
    client,
    async [Symbol.asyncDispose]() {
      client.disconnect()
    },
  }
}
