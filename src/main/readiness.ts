import type { Redis } from 'ioredis'
import type { Database } from '../platform/database/database.ts'
import type { HttpDeps, Phase } from '../platform/http/deps.ts'

interface ReadinessDeps {
  readonly database: Database
  readonly redis: Redis | null
  readonly phase: () => Phase
}

/** Says whether this process can serve. The database is asked one question at a time, however many want to know. */
export function createReadiness({ database, redis, phase }: ReadinessDeps): HttpDeps['readiness'] {
  let underWay: Promise<string | null> | null = null

  function databaseTrouble(): Promise<string | null> {
    underWay ??= database
      .nowMs()
      .then(() => null)
      .catch(() => 'the database does not answer')
      .finally(() => {
        underWay = null
      })
    return underWay
  }

  return async () => ({
    reason: phase() === 'serving' ? await databaseTrouble() : phase(),
    // Without Redis calls are answered as ever; pushes to other nodes wait, and limits are counted by each node.
    degraded: redis === null || redis.status === 'ready' ? [] : ['redis'],
  })
}
