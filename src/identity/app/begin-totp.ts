import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import { checkOwnPassword } from './check-own-password.ts'
import type { IdentityDeps } from './ports.ts'

/** Hands out a secret for an authenticator; it counts once totpConfirm has proven it. */
export function beginTotp(deps: Pick<IdentityDeps, 'store' | 'passwords' | 'limits' | 'totp'>) {
  const { store, totp } = deps
  const check = checkOwnPassword(deps)
  return async (actor: Actor, password: string): Promise<{ secret: string; uri: string }> => {
    const user = await check(actor, password)
    const { sealed, secret, uri } = totp.create(user)
    const pending = await store.transaction((tx) => tx.users.setPendingTotp(user.id, sealed))
    if (!pending) throw new DomainError('auth.totp_already_enabled', 'conflict')
    return { secret, uri }
  }
}
