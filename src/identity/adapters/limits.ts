import type { RateLimit, RateLimitRule } from '../../platform/cache/rate-limit.ts'
import type { Config } from '../../platform/config.ts'
import type { IdentityLimits } from '../app/ports.ts'
import { createSignInLimit } from './sign-in-limit.ts'

type LimitsConfig = Pick<
  Config,
  | 'LOGIN_FAILURES_MAX'
  | 'LOGIN_FAILURES_PER_ACCOUNT_MAX'
  | 'LOGIN_FAILURES_PER_ADDRESS_MAX'
  | 'LOGIN_LOCKOUT_MS'
  | 'LOGINS_PER_HOUR_PER_ACCOUNT'
  | 'LOGINS_PER_HOUR_PER_ADDRESS'
  | 'REGISTRATIONS_PER_HOUR_PER_ADDRESS'
  | 'PASSWORD_CHANGES_PER_HOUR'
  | 'PASSWORD_NOTICES_PER_HOUR'
  | 'PASSWORD_RESETS_PER_HOUR'
  | 'PASSWORD_RESETS_PER_HOUR_PER_ADDRESS'
  | 'TOTP_CHALLENGE_TTL_MS'
>

const hourMs = 3_600_000
const attemptsPerChallenge = 5

export function createIdentityLimits(
  rateLimits: (rule: RateLimitRule) => RateLimit,
  config: LimitsConfig,
): IdentityLimits {
  const failures = (name: string, points = config.LOGIN_FAILURES_MAX) =>
    rateLimits({ name, points, windowMs: config.LOGIN_LOCKOUT_MS })
  const hourly = (name: string, points: number) => rateLimits({ name, points, windowMs: hourMs })
  return {
    signIn: createSignInLimit({
      perAccountAndNetwork: failures('sign-in'),
      perAccount: failures('sign-in-account', config.LOGIN_FAILURES_PER_ACCOUNT_MAX),
      perNetwork: failures('sign-in-network', config.LOGIN_FAILURES_PER_ADDRESS_MAX),
    }),
    accountSessions: hourly('login-account', config.LOGINS_PER_HOUR_PER_ACCOUNT),
    networkSessions: hourly('login-network', config.LOGINS_PER_HOUR_PER_ADDRESS),
    registrations: hourly('registration', config.REGISTRATIONS_PER_HOUR_PER_ADDRESS),
    resetRequests: hourly('reset-request', config.PASSWORD_RESETS_PER_HOUR_PER_ADDRESS),
    resetMails: hourly('reset-mail', config.PASSWORD_RESETS_PER_HOUR),
    challengeAttempts: rateLimits({
      name: 'totp-challenge',
      points: attemptsPerChallenge,
      windowMs: config.TOTP_CHALLENGE_TTL_MS,
    }),
    codes: failures('totp-code'),
    ownPassword: failures('own-password'),
    passwordChanges: hourly('password-change', config.PASSWORD_CHANGES_PER_HOUR),
    passwordNotices: hourly('password-notice', config.PASSWORD_NOTICES_PER_HOUR),
  }
}
