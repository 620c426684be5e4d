import { Redis } from 'ioredis'
import { Secret, TOTP } from 'otpauth'
import { expect, vi } from 'vitest'
import type { SessionTokens } from '#contract'
import { migrations } from '../../db/migrations/index.ts'
import { DomainError } from '../../src/kernel/errors.ts'
import { buildIdentity, type Identity } from '../../src/main/build-identity.ts'
import { createAudit } from '../../src/platform/audit.ts'
import { type Cache, createMemoryCache, createRedisCache } from '../../src/platform/cache/cache.ts'
import { createLocalRateLimit, createRateLimits } from '../../src/platform/cache/rate-limit.ts'
import { readConfig } from '../../src/platform/config.ts'
import { type Database, openDatabase } from '../../src/platform/database/database.ts'
import { migrate } from '../../src/platform/database/migrate.ts'
import { createIds } from '../../src/platform/ids.ts'
import { createLogger } from '../../src/platform/log.ts'
import type { Mail } from '../../src/platform/mail.ts'
import { createOutbox } from '../../src/platform/outbox.ts'
import { createProcedures } from '../../src/platform/trpc.ts'
import type { OpenBackend } from './backends.ts'

/** One process's worth of identity; `as` calls the router as a client with that access token would. */
export interface IdentityNode {
  readonly identity: Identity
  readonly database: Database
  as(token?: string, address?: string): Promise<ReturnType<typeof callerOf>>
  /** Signs in an account without second factor. */
  signIn(login: string, secret?: string): Promise<SessionTokens>
  /** Asks for a reset mail and does what it says. */
  setNewPassword(email: string, newPassword: string): Promise<void>
}

export const password = 'a phrase for tests'

export function accountOf(handle: string) {
  return { email: `${handle.toLowerCase()}@example.com`, handle, password }
}

export interface IdentityCluster extends AsyncDisposable {
  readonly nodes: readonly [IdentityNode, IdentityNode]
  readonly mails: Mail[]
  /** The clock of both nodes; it stands still until it is moved. */
  pass(ms: number): void
  now(): Date
}

type Env = Readonly<Record<string, string>>

/** Two nodes over one backend. The embedded database serves one process, so there they share it. `deliver` may hold mails up. */
export async function openCluster(
  opened: OpenBackend,
  settings: Env = {},
  deliver: (mail: Mail) => Promise<void> = async () => {},
): Promise<IdentityCluster> {
  const config = readConfig({ LOG_LEVEL: 'error', ...opened.env, ...settings })
  const log = createLogger(config)
  const closing: AsyncDisposable[] = []
  const closed = <T extends AsyncDisposable>(resource: T): T => {
    closing.unshift(resource)
    return resource
  }
  const mails: Mail[] = []
  let nowMs = Date.now()
  const clock = { now: () => new Date(nowMs) }
  const ids = createIds(clock)
  const memory = createMemoryCache()
  let shared: Database | undefined

  async function openNode(): Promise<IdentityNode> {
    const database = shared ?? closed(await openDatabase(config))
    if (config.MYSQL_URL === undefined) shared = database
    await migrate(database, migrations, createLogger({ ...config, LOG_LEVEL: 'silent' }))
    const redis = config.REDIS_URL === undefined ? null : new Redis(config.REDIS_URL)
    if (redis !== null) closed({ [Symbol.asyncDispose]: async () => redis.disconnect() })
    const cache: Cache = redis === null ? memory : createRedisCache(redis, config.REDIS_PREFIX)
    const outbox = createOutbox({ database, clock, ids, wake() {} })
    const audit = createAudit({ database, clock, ids })
    const rateLimits = createRateLimits(redis, config.REDIS_PREFIX)
    const mailer = { send: (mail: Mail) => deliver(mail).then(() => void mails.push(mail)) }
    const platform = { config, database, outbox, audit, cache, rateLimits, clock, ids, mailer, log }
    const identity = closed(await buildIdentity(platform))
    async function as(token?: string, address = '192.0.2.1') {
      const actor = token === undefined ? null : await identity.authenticate(token)
      const client = { address, userAgent: 'test' }
      const context = { actor, tokenGiven: token !== undefined, client, requestId: 'r' }
      return callerOf(identity, config.STAFF_TOTP === 'required', context)
    }
    return {
      identity,
      database,
      as,
      async signIn(login, secret = password) {
        const answer = await (await as()).login({ login, password: secret })
        if (!('session' in answer)) throw new Error('a second factor was asked for')
        return answer.session
      },
      async setNewPassword(email, newPassword) {
        const before = mails.length
        const anybody = await as()
        await anybody.requestPasswordReset({ email })
        await vi.waitFor(() => expect(mails.length).toBeGreaterThan(before))
        await anybody.resetPassword({ token: resetToken(mails), newPassword })
      },
    }
  }

  return {
    nodes: [await openNode(), await openNode()],
    mails,
    pass(ms) {
      nowMs += ms
    },
    now: clock.now,
    async [Symbol.asyncDispose]() {
      for (const resource of closing) await resource[Symbol.asyncDispose]()
    },
  }
}

function testRouter(identity: Identity, staffTotpRequired: boolean) {
  const actorLimit = createLocalRateLimit({ name: 'test', points: 100_000, windowMs: 60_000 })
  return identity.routerOf(createProcedures({ actorLimit, staffTotpRequired }))
}

function callerOf(
  identity: Identity,
  staffTotpRequired: boolean,
  context: Parameters<ReturnType<typeof testRouter>['createCaller']>[0],
) {
  return testRouter(identity, staffTotpRequired).createCaller(context)
}

/** The token of the newest reset mail. */
export function resetToken(mails: readonly Mail[]): string {
  const found = mails.flatMap(({ text }) => /token=([\w-]+)/.exec(text)?.[1] ?? [])
  return String(found.at(-1))
}

/** The code of the error that a call fails with; throws when it does not fail, or not with one of ours. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    (value) => new Error(`expected a refusal, got ${JSON.stringify(value)}`),
    (thrown: Error) => thrown,
  )
  if (error.cause instanceof DomainError) return error.cause.code
  throw error
}

/** What an authenticator shows at a time. */
export function totpCode(secret: string, at: Date): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: at.getTime() })
}
