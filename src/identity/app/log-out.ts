import type { Actor } from '../../kernel/actor.ts'
import { actorName } from '../domain/user.ts'
import { endSession } from './end-sessions.ts'
import type { IdentityDeps } from './ports.ts'

/** Ends the session that asks. */
export function logOut({ store, clock, liveSessions }: Pick<IdentityDeps, 'store' | 'clock' | 'liveSessions'>) {
  return async (actor: Actor): Promise<void> => {
    await store.transaction(async (tx) => {
      const found = await tx.sessions.find(actor.sessionId)
      if (found !== null)
        await endSession(tx, found.session, { reason: 'logout', actor: actorName(actor), now: clock.now() })
    })
    liveSessions.forget([actor.sessionId])
  }
}
