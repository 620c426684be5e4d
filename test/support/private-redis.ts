import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { findProgram, type PrivateServer, startPrivateServer } from './private-server.ts'

const findRedis = () => findProgram('redis-server')

export const hasRedis = (): boolean => findRedis() !== undefined

/** A Redis that keeps an append-only file, so that its data outlives a restart and a kill. */
export async function startPrivateRedis(): Promise<PrivateServer> {
  const program = findRedis()
  if (!program) throw new Error('Redis was not found on PATH')

  return startPrivateServer({
    name: 'redis',
    async prepare(directory) {
      await mkdir(join(directory, 'data'))
    },
    command: (directory, port) => [
      program,
      ...['--bind', '127.0.0.1', '--port', String(port), '--dir', join(directory, 'data')],
      ...['--logfile', join(directory, 'server.log'), '--save', '', '--appendonly', 'yes'],
    ],
    url: (port) => `redis://127.0.0.1:${port}`,
    async probe(url) {
      const redis = new Redis(url, { lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 })
      redis.on('error', () => {})
      try {
        await redis.connect()
        await redis.ping()
      } finally {
        redis.disconnect()
      }
    },
  })
}
