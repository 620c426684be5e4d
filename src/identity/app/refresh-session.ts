import { DomainError } from '../../kernel/errors.ts'
import { parseRefreshToken } from '../domain/refresh-token.ts'
import { decideRefresh, type RefreshDecision, type Session } from '../domain/session.ts'
import { endSession } from './end-sessions.ts'
import { issueTokens, type Tokens } from './issue-tokens.ts'
import type { IdentityDeps } from './ports.ts'

type Deps = Pick<IdentityDeps, 'store' | 'clock' | 'accessTokens' | 'refreshMacs' | 'liveSessions' | 'policy'>

// Who loses the race for a rotation looks again and finds it done; more rounds would need a rotation each.
const roundsMax = 3

/** Trades a refresh token for its successor, once; within the grace the same successor again. An older one ends the session. */
export function refreshSession(deps: Deps) {
  const { store, clock, refreshMacs, liveSessions, policy } = deps
  const issue = issueTokens(deps)
  const tokenInvalid = () => new DomainError('auth.token_invalid', 'unauthenticated')

  async function authentic(text: string): Promise<{ session: Session; counter: number }> {
    const token = parseRefreshToken(text)
    const found = token === null ? null : await store.sessions.find(token.sessionId)
    if (token === null || found === null || found.owner.status !== 'active') throw tokenInvalid()
    const { session } = found
    const { sessionId, counter, mac } = token
    if (!refreshMacs.matches(mac, { sessionId, counter, nonce: session.nonce })) throw tokenInvalid()
    return { session, counter }
  }

  async function rotate(session: Session, counter: number, now: Date): Promise<boolean> {
    const expiresAt = new Date(now.getTime() + policy.sessionTtlMs)
    const rotated = await store.transaction((tx) => tx.sessions.rotate(session.id, counter, { now, expiresAt }))
    liveSessions.forget([session.id])
    return rotated
  }

  async function endForReuse(session: Session, now: Date): Promise<void> {
    await store.transaction((tx) => endSession(tx, session, { reason: 'reuse', actor: 'system', now }))
    liveSessions.forget([session.id])
  }

  return async (text: string): Promise<Tokens> => {
    for (let round = 1; round <= roundsMax; round++) {
      const { session, counter } = await authentic(text)
      const now = clock.now()
      const decision: RefreshDecision = decideRefresh(session, counter, now, policy.refreshGraceMs)
      if (decision === 'repeat' || (decision === 'rotate' && (await rotate(session, counter, now))))
        return issue(session, counter + 1)
      if (decision === 'reuse') await endForReuse(session, now)
      if (decision !== 'rotate') throw tokenInvalid()
    }
    throw tokenInvalid()
  }
}
