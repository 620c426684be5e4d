import { DomainError } from '../../kernel/errors.ts'
import { assertStrongPassword } from '../domain/password.ts'
import { auditName } from '../domain/user.ts'
import { endSessions } from './end-sessions.ts'
import type { IdentityDeps } from './ports.ts'
import { tellPasswordChanged } from './tell-password-changed.ts'

type Deps = Pick<
  IdentityDeps,
  'store' | 'clock' | 'digest' | 'passwords' | 'liveSessions' | 'limits' | 'mail' | 'notices'
>

/**
 * Sets a new password by the token of a mail, once, ends every session of the account, and forgives the attempts of
 * whoever made it necessary; those at sign-in count per password anyway.
 */
export function resetPassword(deps: Deps) {
  const { store, clock, digest, passwords, liveSessions, limits } = deps
  const tell = tellPasswordChanged(deps)
  const resetInvalid = () => new DomainError('auth.reset_invalid', 'invalid', { field: 'token' })
  return async (token: string, newPassword: string): Promise<void> => {
    const tokenHash = digest(token)
    const reset = await store.passwordResets.find(tokenHash)
    const user = reset === null ? null : await store.users.byId(reset.userId)
    if (user?.status !== 'active') throw resetInvalid()
    assertStrongPassword(newPassword, user)
    const passwordHash = await passwords.hash(newPassword)
    const now = clock.now()
    const ended = await store.transaction(async (tx) => {
      await tx.users.lock(user.id)
      if (!(await tx.passwordResets.use(tokenHash, now))) throw resetInvalid()
      await tx.passwordResets.useAll(user.id, now)
      await tx.users.setPassword(user.id, passwordHash, now)
      const sessions = await tx.sessions.lockOpenOf(user.id, now)
      await endSessions(tx, sessions, { reason: 'password_reset', actor: auditName(user), now })
      await tx.record({
        actor: auditName(user),
        action: 'auth.password_reset',
        subject: `user:${user.id}`,
        details: {},
      })
      return sessions
    })
    liveSessions.forget(ended.map(({ id }) => id))
    const { codes, ownPassword, passwordChanges } = limits
    await Promise.all([codes, ownPassword, passwordChanges].map((limit) => limit.reset(user.id)))
    await tell(user, now)
  }
}
