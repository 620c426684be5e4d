import { type ClientInfo, clientNetwork } from '../../kernel/client-info.ts'
import { DomainError } from '../../kernel/errors.ts'
import { guessedAccount, type User } from '../domain/user.ts'
import { proveCode, recordWrongCode } from './check-code.ts'
import { countSession } from './count-session.ts'
import { issueTokens } from './issue-tokens.ts'
import type { Challenge, IdentityDeps } from './ports.ts'
import type { SignedIn } from './register.ts'
import { startSession } from './start-session.ts'
import { withinLimit } from './within-limit.ts'

type Deps = Pick<
  IdentityDeps,
  | 'store'
  | 'clock'
  | 'ids'
  | 'random'
  | 'digest'
  | 'accessTokens'
  | 'refreshMacs'
  | 'totp'
  | 'challenges'
  | 'liveSessions'
  | 'limits'
  | 'policy'
>

/** The second half of a sign-in. A challenge takes a bounded number of codes and signs in once. */
export function completeTotp(deps: Deps) {
  const { store, clock, challenges, liveSessions, limits } = deps
  const prove = proveCode(deps)
  const start = startSession(deps)
  const count = countSession(deps)
  const issue = issueTokens(deps)
  const challengeInvalid = () => new DomainError('auth.challenge_invalid', 'unauthenticated')
  const codeInvalid = () => new DomainError('auth.totp_invalid', 'unauthenticated')

  async function ownerOf(key: string): Promise<User> {
    const challenge = await challenges.peek(key)
    if (challenge === null) throw challengeInvalid()
    if (!(await withinLimit(limits.challengeAttempts, key))) {
      await challenges.take(key)
      throw challengeInvalid()
    }
    const user = await store.users.byId(challenge.userId)
    if (user === null || !fits(challenge, user)) throw challengeInvalid()
    return user
  }

  /** Another challenge, or a password change in between, may have used the code up: then this one stays usable. */
  async function putBack(key: string, challenge: Challenge): Promise<void> {
    const ttlMs = challenge.expiresAtMs - clock.now().getTime()
    if (ttlMs > 0) await challenges.put(key, challenge, ttlMs)
  }

  return async (key: string, typed: string, client: ClientInfo): Promise<SignedIn> => {
    const user = await ownerOf(key)
    await limits.codes.consume(user.id)
    const code = prove(user, typed)
    // Before the challenge is taken: who has to wait keeps it.
    if (code !== null)
      await count({ account: guessedAccount(user, user.handle), network: clientNetwork(client.address) })
    const challenge = code === null ? null : await challenges.take(key)
    if (code !== null && challenge === null) throw challengeInvalid()

    const started = await store.transaction(async (tx) => {
      if (code !== null && (await code.use(tx))) return start(tx, user, client, code.method)
      await recordWrongCode(tx, user, client.address)
      return null
    })
    if (started === null) {
      if (challenge !== null) await putBack(key, challenge)
      throw codeInvalid()
    }
    liveSessions.forget(started.ended)
    await limits.codes.reset(user.id)
    if (challenge !== null) await limits.signIn.forgive(challenge.guess)
    return { user, tokens: await issue(started.session, started.session.refreshCounter) }
  }
}

function fits(challenge: Challenge, user: User): boolean {
  return (
    user.status === 'active' &&
    user.totpSecret !== null &&
    user.passwordChangedAt.getTime() === challenge.passwordChangedAtMs
  )
}
