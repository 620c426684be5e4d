import pLimit, { type LimitFunction } from 'p-limit'
import { DomainError } from '../../kernel/errors.ts'
import type { RateLimit, RateLimitRule } from '../../platform/cache/rate-limit.ts'
import type { Config } from '../../platform/config.ts'
import type { IdentityLimits, SignInLimit } from '../app/ports.ts'
import { withinLimit } from '../app/within-limit.ts'

type LimitsConfig = Pick<
  Config,
  | 'LOGIN_FAILURES_MAX'
  | 'LOGIN_LOCKOUT_MS'
  | 'REGISTRATIONS_PER_HOUR_PER_ADDRESS'
  | 'PASSWORD_RESETS_PER_HOUR'
  | 'TOTP_CHALLENGE_TTL_MS'
>

const hourMs = 3_600_000
const attemptsPerChallenge = 5

export function createIdentityLimits(
  rateLimits: (rule: RateLimitRule) => RateLimit,
  config: LimitsConfig,
): IdentityLimits {
  const failures = { points: config.LOGIN_FAILURES_MAX, windowMs: config.LOGIN_LOCKOUT_MS }
  return {
    signIn: createSignInLimit(
      rateLimits({ name: 'sign-in-login', ...failures }),
      rateLimits({ name: 'sign-in-address', ...failures }),
    ),
    registrations: rateLimits({
      name: 'registration',
      points: config.REGISTRATIONS_PER_HOUR_PER_ADDRESS,
      windowMs: hourMs,
    }),
    resetMails: rateLimits({ name: 'reset-mail', points: config.PASSWORD_RESETS_PER_HOUR, windowMs: hourMs }),
    challengeAttempts: rateLimits({
      name: 'totp-challenge',
      points: attemptsPerChallenge,
      windowMs: config.TOTP_CHALLENGE_TTL_MS,
    }),
    codes: rateLimits({ name: 'totp-code', ...failures }),
    ownPassword: rateLimits({ name: 'own-password', ...failures }),
  }
}

/**
 * A guess counts against its login before it is checked, so that guesses made at once cannot exceed the limit. Guesses
 * of one address take turns and count when they were wrong: who signs in rightly from a shared address neither uses the
 * others' allowance up nor, by signing in to an account of his own, gets a fresh one.
 */
function createSignInLimit(byLogin: RateLimit, byAddress: RateLimit): SignInLimit {
  const inTurn = createTurns()
  return {
    guess: ({ login, address }, verify) =>
      inTurn(address, async () => {
        await byAddress.check(address)
        await byLogin.consume(login)
        const proven = await verify()
        if (proven === null) await withinLimit(byAddress, address)
        return proven
      }),
    forgive: (login) => byLogin.reset(login),
  }
}

const usersPerKeyMax = 1000
const retryAfterMs = 1000

/** Runs work of one key one at a time, in the order of arrival; throws `rate.limited` when too much waits. */
function createTurns() {
  const queues = new Map<string, { run: LimitFunction; users: number }>()
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const queue = queues.get(key) ?? { run: pLimit(1), users: 0 }
    if (queue.users >= usersPerKeyMax) throw new DomainError('rate.limited', 'rate_limited', { retryAfterMs })
    queue.users++
    queues.set(key, queue)
    try {
      return await queue.run(work)
    } finally {
      if (--queue.users === 0) queues.delete(key)
    }
  }
}
