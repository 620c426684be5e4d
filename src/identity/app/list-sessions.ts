import type { Actor } from '../../kernel/actor.ts'
import type { Session } from '../domain/session.ts'
import type { IdentityDeps } from './ports.ts'

/** The open sessions of the own account, newest first; their number is bounded at sign-in. */
export function listSessions({ store, clock }: Pick<IdentityDeps, 'store' | 'clock'>) {
  return (actor: Actor): Promise<Session[]> => store.sessions.openOf(actor.userId, clock.now())
}
