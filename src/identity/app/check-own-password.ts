import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { User } from '../domain/user.ts'
import { ownAccount } from './own-account.ts'
import type { IdentityDeps } from './ports.ts'

/** Asks who is signed in for the password again. Throws `auth.invalid_credentials`, or `rate.limited` at too many tries. */
export function checkOwnPassword(deps: Pick<IdentityDeps, 'store' | 'passwords' | 'limits'>) {
  const { passwords, limits } = deps
  const me = ownAccount(deps)
  return async (actor: Actor, password: string): Promise<User> => {
    await limits.ownPassword.consume(actor.userId)
    const user = await me(actor)
    if (!(await passwords.verify(user.passwordHash, password)))
      throw new DomainError('auth.invalid_credentials', 'unauthenticated')
    await limits.ownPassword.reset(actor.userId)
    return user
  }
}
