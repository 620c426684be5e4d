import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { User } from '../domain/user.ts'
import type { IdentityDeps } from './ports.ts'

/** The actor's whole account, read anew. */
export function ownAccount({ store }: Pick<IdentityDeps, 'store'>) {
  return async (actor: Actor): Promise<User> => {
    const user = await store.users.byId(actor.userId)
    if (user === null) throw new DomainError('auth.token_invalid', 'unauthenticated')
    return user
  }
}
