import { sessionRevoked } from '../domain/events.ts'
import type { EndReason, Session } from '../domain/session.ts'
import type { IdentityTx } from './store-port.ts'

interface Ending {
  readonly reason: EndReason
  readonly actor: string
  readonly now: Date
}

/** Ends sessions that the transaction has locked: rows, audit and events, once each. */
export async function endSessions(
  tx: IdentityTx,
  sessions: readonly Session[],
  { reason, actor, now }: Ending,
): Promise<void> {
  if (sessions.length === 0) return
  await tx.sessions.end(
    sessions.map(({ id }) => id),
    reason,
    now,
  )
  await tellEnd(tx, sessions, reason, actor)
}

/** Ends one session that nobody has locked. False when it had ended already. */
export async function endSession(tx: IdentityTx, session: Session, { reason, actor, now }: Ending): Promise<boolean> {
  if ((await tx.sessions.end([session.id], reason, now)) === 0) return false
  await tellEnd(tx, [session], reason, actor)
  return true
}

async function tellEnd(tx: IdentityTx, sessions: readonly Session[], reason: EndReason, actor: string): Promise<void> {
  await tx.record(
    ...sessions.map(({ id, userId }) => ({
      actor,
      action: 'auth.session_ended',
      subject: `user:${userId}`,
      details: { sessionId: id, reason },
    })),
  )
  await tx.announce(...sessions.map(({ id }) => sessionRevoked(id, reason)))
}
