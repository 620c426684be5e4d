import type { Redis } from 'ioredis'
import { LRUCache } from 'lru-cache'
import { DomainError } from '../../kernel/errors.ts'

/** Short-lived values shared by all nodes. It may forget at any time: never the only place of a fact. */
export interface Cache {
  set(key: string, value: string, ttlMs: number): Promise<void>
  get(key: string): Promise<string | null>
  /** Reads and removes in one step: of many takers one gets it. */
  take(key: string): Promise<string | null>
}

const entriesMax = 100_000

export function createMemoryCache(): Cache {
  const entries = new LRUCache<string, string>({ max: entriesMax })
  return {
    async set(key, value, ttlMs) {
      entries.set(key, value, { ttl: ttlMs })
    },
    async get(key) {
      return entries.get(key) ?? null
    },
    async take(key) {
      const value = entries.get(key) ?? null
      entries.delete(key)
      return value
    },
  }
}

/** While Redis is away every call throws `service.unavailable`. */
export function createRedisCache(redis: Redis, prefix: string): Cache {
  const name = (key: string) => `${prefix}cache:${key}`
  return {
    async set(key, value, ttlMs) {
      await answered(redis.set(name(key), value, 'PX', ttlMs))
    },
    get: (key) => answered(redis.get(name(key))),
    take: (key) => answered(redis.getdel(name(key))),
  }
}

async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw Object.assign(new DomainError('service.unavailable', 'unavailable', { part: 'cache' }), { cause: error })
  }
}
