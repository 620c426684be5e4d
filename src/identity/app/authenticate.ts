import type { Actor } from '../../kernel/actor.ts'
import { isOpen } from '../domain/session.ts'
import type { IdentityDeps } from './ports.ts'

/** Who holds an access token; null when it is bad or its session has ended. Throws only when the store is out of reach. */
export function authenticate({
  accessTokens,
  liveSessions,
  clock,
}: Pick<IdentityDeps, 'accessTokens' | 'liveSessions' | 'clock'>) {
  return async (token: string): Promise<Actor | null> => {
    const claims = await accessTokens.read(token)
    const found = claims === null ? null : await liveSessions.find(claims.sessionId)
    if (claims === null || found === null) return null
    const { session, owner } = found
    if (!isOpen(session, clock.now()) || owner.status !== 'active' || owner.id !== claims.userId) return null
    return { userId: owner.id, sessionId: session.id, roles: owner.roles, totp: session.totpProven }
  }
}

/** Whether a session may still be used. Throws only when the store is out of reach. */
export function isSessionLive({ liveSessions, clock }: Pick<IdentityDeps, 'liveSessions' | 'clock'>) {
  return async (sessionId: string): Promise<boolean> => {
    const found = await liveSessions.find(sessionId)
    return found !== null && isOpen(found.session, clock.now()) && found.owner.status === 'active'
  }
}
