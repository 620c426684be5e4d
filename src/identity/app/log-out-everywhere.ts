import type { Actor } from '../../kernel/actor.ts'
import { actorName } from '../domain/user.ts'
import { endSessions } from './end-sessions.ts'
import type { IdentityDeps } from './ports.ts'

/** Ends every session of the account, the one that asks included. */
export function logOutEverywhere({
  store,
  clock,
  liveSessions,
}: Pick<IdentityDeps, 'store' | 'clock' | 'liveSessions'>) {
  return async (actor: Actor): Promise<void> => {
    const now = clock.now()
    const ended = await store.transaction(async (tx) => {
      // The row keeps a sign-in under way from slipping through.
      await tx.users.lock(actor.userId)
      const sessions = await tx.sessions.lockOpenOf(actor.userId, now)
      await endSessions(tx, sessions, { reason: 'logout_everywhere', actor: actorName(actor), now })
      return sessions
    })
    liveSessions.forget(ended.map(({ id }) => id))
  }
}
