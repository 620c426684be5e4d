import type { ClientInfo } from '../../kernel/client-info.ts'
import { DomainError } from '../../kernel/errors.ts'
import { openSession, type Session } from '../domain/session.ts'
import { assertMaySignIn, auditName, type User } from '../domain/user.ts'
import { endSessions } from './end-sessions.ts'
import type { IdentityDeps } from './ports.ts'
import type { IdentityTx } from './store-port.ts'

export type SignInMethod = 'password' | 'totp' | 'recovery_code' | 'registration'

/**
 * Opens a session for an account whose password was proven a moment ago. Sign-ins of one account queue for its row, so
 * that the bound on sessions holds, and none slips past a change of the password or of the second factor. Returns also
 * what had to end for it.
 */
export function startSession({
  clock,
  ids,
  random,
  policy,
}: Pick<IdentityDeps, 'clock' | 'ids' | 'random' | 'policy'>) {
  return async (
    tx: IdentityTx,
    proven: User,
    client: ClientInfo,
    method: SignInMethod,
  ): Promise<{ session: Session; ended: string[] }> => {
    const user = await tx.users.lock(proven.id)
    if (user === null || user.status === 'deleted' || !provesStill(proven, user))
      throw new DomainError('auth.invalid_credentials', 'unauthenticated')
    assertMaySignIn(user)
    const now = clock.now()
    const session = openSession({
      id: ids.next(),
      userId: user.id,
      nonce: random.token(),
      totpProven: method === 'totp' || method === 'recovery_code',
      client,
      now,
      ttlMs: policy.sessionTtlMs,
    })
    const surplus = (await tx.sessions.lockOpenOf(user.id, now)).slice(policy.sessionsPerUserMax - 1)
    await endSessions(tx, surplus, { reason: 'too_many', actor: 'system', now })
    await tx.sessions.insert(session)
    if (method !== 'registration')
      await tx.record({
        actor: auditName(user),
        action: 'auth.login',
        subject: `user:${user.id}`,
        details: { sessionId: session.id, method, address: session.address, userAgent: session.userAgent },
      })
    return { session, ended: surplus.map(({ id }) => id) }
  }
}

/** Whether what was proven a moment ago is still all that the account asks for. */
function provesStill(proven: User, user: User): boolean {
  return user.passwordHash === proven.passwordHash && user.totpSecret === proven.totpSecret
}
