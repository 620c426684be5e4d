import type { Redis } from 'ioredis'
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { DomainError } from '../../kernel/errors.ts'

export interface RateLimit {
  /** Counts one, or so many points. Throws `rate.limited` with `retryAfterMs` above the limit. */
  consume(key: string, points?: number): Promise<void>
  /** Throws `rate.limited` when the key is at its limit, without counting. */
  check(key: string): Promise<void>
  /** Gives back one, or so many points that were consumed; a key never gets more than its limit. */
  reward(key: string, points?: number): Promise<void>
  reset(key: string): Promise<void>
}

export interface RateLimitRule {
  readonly name: string
  readonly points: number
  readonly windowMs: number
}

/** Makes rate limits that all nodes share through Redis; while Redis is away each node counts for itself. */
export function createRateLimits(redis: Redis | null, prefix: string): (rule: RateLimitRule) => RateLimit {
  return (rule) => {
    const memory = localLimiter(rule)
    if (redis === null) return asRateLimit(memory)
    const shared = new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: `${prefix}limit:${rule.name}`,
      points: rule.points,
      duration: rule.windowMs / 1000,
      insuranceLimiter: memory,
    })
    return asRateLimit(shared)
  }
}

/** A limit counted in this process alone: no round trip, so it suits every request. */
export function createLocalRateLimit(rule: RateLimitRule): RateLimit {
  return asRateLimit(localLimiter(rule))
}

function localLimiter({ name, points, windowMs }: RateLimitRule): RateLimiterMemory {
  return new RateLimiterMemory({ keyPrefix: name, points, duration: windowMs / 1000 })
}

function asRateLimit(limiter: RateLimiterAbstract): RateLimit {
  return {
    async consume(key, points = 1) {
      try {
        await limiter.consume(key, points)
      } catch (error) {
        throw refusal(error)
      }
    },
    async check(key) {
      const state = await limiter.get(key)
      if (state !== null && state.consumedPoints >= limiter.points) throw limited(state.msBeforeNext)
    },
    async reward(key, points = 1) {
      const { consumedPoints } = await limiter.reward(key, points)
      // The window they were counted in has ended: the next one begins at nothing, not below.
      if (consumedPoints < 0) await limiter.penalty(key, Math.min(points, -consumedPoints))
    },
    async reset(key) {
      await limiter.delete(key)
    },
  }
}

function refusal(error: unknown): unknown {
  return error instanceof RateLimiterRes ? limited(error.msBeforeNext) : error
}

function limited(retryAfterMs: number): DomainError {
  return new DomainError('rate.limited', 'rate_limited', { retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) })
}
