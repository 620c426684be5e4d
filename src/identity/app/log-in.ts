import { type ClientInfo, clientNetwork } from '../../kernel/client-info.ts'
import { DomainError } from '../../kernel/errors.ts'
import { assertMaySignIn, guessedAccount, type User } from '../domain/user.ts'
import { countSession } from './count-session.ts'
import { issueTokens } from './issue-tokens.ts'
import type { Guess, IdentityDeps } from './ports.ts'
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
  const count = countSession(deps)
  const issue = issueTokens(deps)

  async function find(login: string): Promise<User | null> {
    const found = login.includes('@') ? await store.users.byEmail(login) : await store.users.byHandle(login)
    return found?.status === 'deleted' ? null : found
  }

  async function awaitTotp(user: User, guess: Guess): Promise<AwaitsTotp> {
    const challenge = random.token()
    const ttlMs = policy.totpChallengeTtlMs
    const expiresAtMs = clock.now().getTime() + ttlMs
    const passwordChangedAtMs = user.passwordChangedAt.getTime()
    await challenges.put(challenge, { userId: user.id, passwordChangedAtMs, guess, expiresAtMs }, ttlMs)
    return { challenge }
  }

  return async (login: string, password: string, client: ClientInfo): Promise<SignedIn | AwaitsTotp> => {
    const named = await find(login)
    const network = clientNetwork(client.address)
    const guess = { account: guessedAccount(named, login), network }
    // Asked of nobody too, so that both take as long.
    const known = await store.sessions.wasOpenedFrom(named?.id ?? '', network)
    const user = await limits.signIn.guess({ ...guess, known }, async () =>
      (await passwords.verify(named?.passwordHash ?? null, password)) ? named : null,
    )
    if (user === null) throw new DomainError('auth.invalid_credentials', 'unauthenticated')
    assertMaySignIn(user)
    // The failures of a login with a second factor are forgiven once that is proven too.
    if (user.totpSecret !== null) return awaitTotp(user, guess)
    await count(guess)
    const { session, ended } = await store.transaction((tx) => start(tx, user, client, 'password'))
    liveSessions.forget(ended)
    await limits.signIn.forgive(guess)
    return { user, tokens: await issue(session, session.refreshCounter) }
  }
}
