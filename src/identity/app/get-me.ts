import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { IdentityDeps } from './ports.ts'
import type { Profile } from './store-port.ts'

/** Who one is: the very look that let the call in, so it costs no query of its own. */
export function getMe({ liveSessions }: Pick<IdentityDeps, 'liveSessions'>) {
  return async ({ sessionId }: Actor): Promise<Profile> => {
    const found = await liveSessions.find(sessionId)
    if (found === null) throw new DomainError('auth.token_invalid', 'unauthenticated')
    return found.owner
  }
}
