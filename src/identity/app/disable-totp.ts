import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import { assertMayGoWithoutTotp } from '../domain/second-factor.ts'
import { actorName } from '../domain/user.ts'
import { proveCode, recordWrongCode } from './check-code.ts'
import { checkOwnPassword } from './check-own-password.ts'
import type { IdentityDeps } from './ports.ts'

type Deps = Pick<IdentityDeps, 'store' | 'passwords' | 'digest' | 'totp' | 'limits' | 'liveSessions' | 'policy'>

/** Turns the second factor off, against password and code. */
export function disableTotp(deps: Deps) {
  const { store, limits, liveSessions, policy } = deps
  const check = checkOwnPassword(deps)
  const prove = proveCode(deps)
  return async (actor: Actor, password: string, typed: string): Promise<void> => {
    assertMayGoWithoutTotp(actor, policy.staffTotpRequired)
    const user = await check(actor, password)
    if (user.totpSecret === null) throw new DomainError('auth.totp_not_enabled', 'conflict')
    await limits.codes.consume(user.id)
    const code = prove(user, typed)
    const disabled = await store.transaction(async (tx) => {
      if (code === null || !(await code.use(tx))) {
        await recordWrongCode(tx, user, null)
        return false
      }
      await tx.users.disableTotp(user.id)
      await tx.sessions.forgetTotp(user.id)
      await tx.recoveryCodes.replace(user.id, [])
      await tx.record({
        actor: actorName(actor),
        action: 'auth.totp_disabled',
        subject: `user:${user.id}`,
        details: { method: code.method },
      })
      return true
    })
    if (!disabled) throw new DomainError('auth.totp_invalid', 'unauthenticated')
    await limits.codes.reset(user.id)
    liveSessions.forget([actor.sessionId])
  }
}
