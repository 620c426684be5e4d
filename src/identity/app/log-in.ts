import type { ClientInfo } from '../../kernel/client-info.ts'
import { DomainError } from '../../kernel/errors.ts'
import { assertMaySignIn, type User } from '../domain/user.ts'
import { issueTokens } from './issue-tokens.ts'
import type { IdentityDeps } from './ports.ts'
import type { SignedIn } from './register.ts'
import { startSession } from './start-session.ts'

export interface AwaitsTotp {
  readonly challenge: string
}

type Deps = Pick<
  IdentityDeps,
  | 'store'
  | 'clock'
  | 'ids'
  | 'random'
  | 'passwords'
  | 'accessTokens'
  | 'refreshMacs'
  | 'challenges'
  | 'liveSessions'
  | 'limits'
  | 'policy'
>

/** Signs in by e-mail or handle, in lower case. Answers and timing do not tell whether the account exists. */
export function logIn(deps: Deps) {
  const { store, clock, random, passwords, challenges, liveSessions, limits, policy } = deps
  const start = startSession(deps)
  const issue = issueTokens(deps)

  async function proveOwner(login: string, password: string): Promise<User | null> {
    const found = login.includes('@') ? await store.users.byEmail(login) : await store.users.byHandle(login)
    const user = found?.status === 'deleted' ? null : found
    return (await passwords.verify(user?.passwordHash ?? null, password)) ? user : null
  }

  async function awaitTotp(user: User, login: string): Promise<AwaitsTotp> {
    const challenge = random.token()
    const ttlMs = policy.totpChallengeTtlMs
    const expiresAtMs = clock.now().getTime() + ttlMs
    const passwordChangedAtMs = user.passwordChangedAt.getTime()
    await challenges.put(challenge, { userId: user.id, passwordChangedAtMs, login, expiresAtMs }, ttlMs)
    return { challenge }
  }

  return async (login: string, password: string, client: ClientInfo): Promise<SignedIn | AwaitsTotp> => {
    const user = await limits.signIn.guess({ login, address: client.address }, () => proveOwner(login, password))
    if (user === null) throw new DomainError('auth.invalid_credentials', 'unauthenticated')
    assertMaySignIn(user)
    // The failures of a login with a second factor are forgiven once that is proven too.
    if (user.totpSecret !== null) return awaitTotp(user, login)
    const { session, ended } = await store.transaction((tx) => start(tx, user, client, 'password'))
    liveSessions.forget(ended)
    await limits.signIn.forgive(login)
    return { user, tokens: await issue(session, session.refreshCounter) }
  }
}
