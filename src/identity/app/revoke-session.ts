import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import { isOpen } from '../domain/session.ts'
import { actorName } from '../domain/user.ts'
import { endSession } from './end-sessions.ts'
import type { IdentityDeps } from './ports.ts'

/** Ends one session of the own account. Throws `auth.session_not_found`, for other people's sessions as well. */
export function revokeSession({ store, clock, liveSessions }: Pick<IdentityDeps, 'store' | 'clock' | 'liveSessions'>) {
  return async (actor: Actor, sessionId: string): Promise<void> => {
    const now = clock.now()
    const ended = await store.transaction(async (tx) => {
      const found = await tx.sessions.find(sessionId)
      if (found === null || found.session.userId !== actor.userId || !isOpen(found.session, now)) return false
      return endSession(tx, found.session, { reason: 'revoked', actor: actorName(actor), now })
    })
    if (!ended) throw new DomainError('auth.session_not_found', 'not_found')
    liveSessions.forget([sessionId])
  }
}
