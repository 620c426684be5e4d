import type { Cache } from '../../platform/cache/cache.ts'
import type { Challenge, Challenges } from '../app/ports.ts'
import { sha256 } from './crypto/random.ts'

/** Sign-ins that await a second factor, in the cache that all nodes share, under the digest of their key. */
export function createChallenges(cache: Cache): Challenges {
  const name = (key: string) => `totp-challenge:${sha256(key)}`
  const read = (text: string | null) => (text === null ? null : (JSON.parse(text) as Challenge))
  return {
    put: (key, challenge, ttlMs) => cache.set(name(key), JSON.stringify(challenge), Math.ceil(ttlMs)),
    peek: async (key) => read(await cache.get(name(key))),
    take: async (key) => read(await cache.take(name(key))),
  }
}
