import { createBackground } from '../identity/adapters/background.ts'
import { createChallenges } from '../identity/adapters/challenges.ts'
import { createAccessTokens } from '../identity/adapters/crypto/access-tokens.ts'
import { deriveKeys } from '../identity/adapters/crypto/keys.ts'
import { createPasswords } from '../identity/adapters/crypto/passwords.ts'
import { secureRandom, sha256 } from '../identity/adapters/crypto/random.ts'
import { createRefreshMacs } from '../identity/adapters/crypto/refresh-macs.ts'
import { createSealedBox } from '../identity/adapters/crypto/sealed-box.ts'
import { createTotpCodes } from '../identity/adapters/crypto/totp-codes.ts'
import { createIdentityMail } from '../identity/adapters/identity-mail.ts'
import { createIdentityLimits } from '../identity/adapters/limits.ts'
import { createLiveSessions } from '../identity/adapters/live-sessions.ts'
import { createIdentityStore } from '../identity/adapters/sequelize/identity-store.ts'
import { createAuthRouter } from '../identity/adapters/trpc/auth-router.ts'
import { createAuthUseCases } from '../identity/adapters/trpc/auth-use-cases.ts'
import { authenticate, isSessionLive } from '../identity/app/authenticate.ts'
import { createFirstAdmin } from '../identity/app/create-first-admin.ts'
import { findUser } from '../identity/app/find-user.ts'
import { isActiveStaff } from '../identity/app/is-active-staff.ts'
import type { IdentityDeps } from '../identity/app/ports.ts'
import { pruneIdentity } from '../identity/app/prune-identity.ts'
import type { IdentityPolicy } from '../identity/domain/policy.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Ids } from '../kernel/ids.ts'
import type { Audit } from '../platform/audit.ts'
import type { Cache } from '../platform/cache/cache.ts'
import type { RateLimit, RateLimitRule } from '../platform/cache/rate-limit.ts'
import type { Config } from '../platform/config.ts'
import type { Database } from '../platform/database/database.ts'
import type { Logger } from '../platform/log.ts'
import type { Mailer } from '../platform/mail.ts'
import type { Outbox } from '../platform/outbox.ts'
import { sharedSecret } from '../platform/shared-secret.ts'
import type { Procedures } from '../platform/trpc.ts'

interface BuildIdentity {
  readonly config: Config
  readonly database: Database
  readonly outbox: Outbox
  readonly audit: Audit
  readonly cache: Cache
  readonly rateLimits: (rule: RateLimitRule) => RateLimit
  readonly clock: Clock
  readonly ids: Ids
  readonly mailer: Mailer
  readonly log: Logger
  /** Address for links in mails where it is known better than from the configuration, after listening on port 0. */
  readonly publicUrl?: () => string
}

export type Identity = Awaited<ReturnType<typeof buildIdentity>>

export async function buildIdentity({
  config,
  database,
  outbox,
  audit,
  cache,
  rateLimits,
  clock,
  ids,
  mailer,
  log,
  publicUrl,
}: BuildIdentity) {
  const secret = config.AUTH_SECRET ?? (await sharedSecret(database, 'auth'))
  const keys = deriveKeys(secret)
  const store = createIdentityStore({ database, outbox, audit })
  const liveSessions = createLiveSessions(store.sessions)
  const queue = () => createBackground({ log, drainTimeoutMs: Math.min(config.SHUTDOWN_TIMEOUT_MS, mailDrainMaxMs) })
  const resets = queue()
  const notices = queue()
  const baseUrl = publicUrl ?? (() => config.PUBLIC_URL ?? `http://${config.HOST}:${config.PORT}`)

  const deps: IdentityDeps = {
    ...{
      store,
      clock,
      ids,
      liveSessions,
      resets,
      notices,
      random: secureRandom,
      digest: sha256,
      policy: readPolicy(config),
    },
    passwords: await createPasswords(),
    accessTokens: createAccessTokens({ key: keys.accessTokens, ttlMs: config.ACCESS_TOKEN_TTL_MS, clock }),
    refreshMacs: createRefreshMacs(keys.refreshTokens),
    totp: createTotpCodes({ box: createSealedBox(keys.totpSecrets), issuer: config.TOTP_ISSUER, clock }),
    challenges: createChallenges(cache),
    limits: createIdentityLimits(rateLimits, config),
    mail: createIdentityMail({ mailer, product: config.TOTP_ISSUER, publicUrl: () => baseUrl().replace(/\/+$/, '') }),
  }
  const useCases = createAuthUseCases(deps)
  const firstAdmin = createFirstAdmin(deps)

  return {
    /** Who holds an access token; null when it is not good. */
    authenticate: authenticate(deps),
    isSessionLive: isSessionLive(deps),
    routerOf: (procedures: Procedures) => createAuthRouter(procedures, useCases),
    directory: {
      findUser: findUser(deps),
      isStaff: isActiveStaff(deps),
      /** The handles of those ids that exist. */
      async handlesOf(userIds: readonly string[]): Promise<Map<string, string>> {
        const users = await store.users.handlesOf([...new Set(userIds)])
        return new Map(users.map(({ id, handle }) => [id, handle]))
      },
    },
    createFirstAdmin: () => firstAdmin({ email: config.ADMIN_EMAIL, password: config.ADMIN_PASSWORD }),
    /** For the relay: a session that was ended on another node is refused here at once, not after the cache's half second. */
    forgetSession: (sessionId: string) => liveSessions.forget([sessionId]),
    prune: pruneIdentity(deps),
    /** Waits for mails that are under way, a bounded time. */
    async [Symbol.asyncDispose]() {
      await Promise.all([resets[Symbol.asyncDispose](), notices[Symbol.asyncDispose]()])
    },
  }
}

/** Less than what a process has for its end once the calls are through. */
const mailDrainMaxMs = 3_000

function readPolicy(config: Config): IdentityPolicy {
  return {
    sessionTtlMs: config.SESSION_TTL_MS,
    refreshGraceMs: config.REFRESH_GRACE_MS,
    sessionsPerUserMax: config.SESSIONS_PER_USER_MAX,
    passwordResetTtlMs: config.PASSWORD_RESET_TTL_MS,
    totpChallengeTtlMs: config.TOTP_CHALLENGE_TTL_MS,
    staffTotpRequired: config.STAFF_TOTP === 'required',
  }
}
