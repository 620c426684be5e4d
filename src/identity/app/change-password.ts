import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import { assertStrongPassword } from '../domain/password.ts'
import { actorName } from '../domain/user.ts'
import { checkOwnPassword } from './check-own-password.ts'
import { endSessions } from './end-sessions.ts'
import type { IdentityDeps } from './ports.ts'
import { tellPasswordChanged } from './tell-password-changed.ts'

type Deps = Pick<IdentityDeps, 'store' | 'clock' | 'passwords' | 'liveSessions' | 'limits' | 'mail' | 'notices'>

/** Changes the password and ends every other session of the account. Throws `rate.limited` at too many attempts. */
export function changePassword(deps: Deps) {
  const { store, clock, passwords, liveSessions, limits } = deps
  const check = checkOwnPassword(deps)
  const tell = tellPasswordChanged(deps)
  return async (actor: Actor, currentPassword: string, newPassword: string): Promise<void> => {
    await limits.passwordChanges.consume(actor.userId)
    const user = await check(actor, currentPassword)
    assertStrongPassword(newPassword, user)
    const passwordHash = await passwords.hash(newPassword)
    const now = clock.now()
    const ended = await store.transaction(async (tx) => {
      const locked = await tx.users.lock(user.id)
      if (locked?.passwordHash !== user.passwordHash)
        throw new DomainError('auth.invalid_credentials', 'unauthenticated')
      await tx.users.setPassword(user.id, passwordHash, now)
      await tx.passwordResets.useAll(user.id, now)
      const others = (await tx.sessions.lockOpenOf(user.id, now)).filter(({ id }) => id !== actor.sessionId)
      await endSessions(tx, others, { reason: 'password_changed', actor: actorName(actor), now })
      await tx.record({
        actor: actorName(actor),
        action: 'auth.password_changed',
        subject: `user:${user.id}`,
        details: {},
      })
      return others
    })
    liveSessions.forget(ended.map(({ id }) => id))
    await tell(user, now)
  }
}
