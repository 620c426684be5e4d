import type { EndReason } from './session.ts'
import type { User } from './user.ts'

/** The facts that leave this context. */
export type IdentityEvent =
  | {
      readonly type: 'user.registered'
      readonly subject: string
      readonly payload: { readonly userId: string; readonly handle: string }
    }
  | {
      readonly type: 'session.revoked'
      readonly subject: string
      readonly payload: { readonly sessionId: string; readonly reason: EndReason }
    }

export function userRegistered({ id, handle }: User): IdentityEvent {
  return { type: 'user.registered', subject: `user:${id}`, payload: { userId: id, handle } }
}

export function sessionRevoked(sessionId: string, reason: EndReason): IdentityEvent {
  return { type: 'session.revoked', subject: `session:${sessionId}`, payload: { sessionId, reason } }
}
