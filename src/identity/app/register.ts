import { type ClientInfo, clientNetwork } from '../../kernel/client-info.ts'
import { DomainError } from '../../kernel/errors.ts'
import { userRegistered } from '../domain/events.ts'
import { assertStrongPassword } from '../domain/password.ts'
import { assertMayBeTaken } from '../domain/reserved-handles.ts'
import { auditName, newUser, type User } from '../domain/user.ts'
import { issueTokens, type Tokens } from './issue-tokens.ts'
import type { IdentityDeps } from './ports.ts'
import { startSession } from './start-session.ts'

export interface Registration {
  readonly email: string
  readonly handle: string
  readonly password: string
  readonly displayName?: string | undefined
}

export interface SignedIn {
  readonly user: User
  readonly tokens: Tokens
}

/** Makes an account and signs it in. E-mail and handle come in lower case. */
export function register(
  deps: Pick<
    IdentityDeps,
    'store' | 'clock' | 'ids' | 'random' | 'passwords' | 'accessTokens' | 'refreshMacs' | 'limits' | 'policy'
  >,
) {
  const { store, clock, ids, passwords, limits } = deps
  const start = startSession(deps)
  const issue = issueTokens(deps)
  return async ({ email, handle, password, displayName }: Registration, client: ClientInfo): Promise<SignedIn> => {
    assertMayBeTaken(handle)
    assertStrongPassword(password, { email, handle })
    await limits.registrations.consume(clientNetwork(client.address))
    const passwordHash = await passwords.hash(password)
    const user = newUser({
      id: ids.next(),
      email,
      handle,
      displayName,
      passwordHash,
      roles: ['user'],
      now: clock.now(),
    })
    const session = await store.transaction(async (tx) => {
      if (!(await tx.users.insert(user))) {
        const emailTaken = (await tx.users.byEmail(email)) !== null
        throw emailTaken
          ? new DomainError('auth.email_taken', 'conflict', { field: 'email' })
          : new DomainError('auth.handle_taken', 'conflict', { field: 'handle' })
      }
      const started = await start(tx, user, client, 'registration')
      await tx.record({
        actor: auditName(user),
        action: 'auth.registered',
        subject: `user:${user.id}`,
        details: { handle, sessionId: started.session.id, address: client.address },
      })
      await tx.announce(userRegistered(user))
      return started.session
    })
    return { user, tokens: await issue(session, session.refreshCounter) }
  }
}
