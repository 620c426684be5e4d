import type { ClientInfo } from '../../kernel/client-info.ts'

export type EndReason =
  | 'logout'
  | 'logout_everywhere'
  | 'revoked'
  | 'password_changed'
  | 'password_reset'
  | 'too_many'
  | 'reuse'
  | 'totp_enabled'

/** One signed-in device, and the family of the refresh tokens that it has had. */
export interface Session {
  readonly id: string
  readonly userId: string
  /** Makes the refresh tokens of this session unpredictable even to who knows its id. */
  readonly nonce: string
  /** Number of the refresh token that is valid now. */
  readonly refreshCounter: number
  readonly createdAt: Date
  readonly lastUsedAt: Date
  readonly rotatedAt: Date
  readonly expiresAt: Date
  readonly revokedAt: Date | null
  /** Whether the second factor was proven in it, which the account's having one does not say. */
  readonly totpProven: boolean
  readonly userAgent: string | null
  readonly address: string | null
}

const userAgentMaxLength = 200
/** What would break a line, turn its reading direction, or not be text at all where it is shown. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu
const addressMaxLength = 64

interface NewSession extends Pick<Session, 'id' | 'userId' | 'nonce' | 'totpProven'> {
  readonly client: ClientInfo
  readonly now: Date
  readonly ttlMs: number
}

export function openSession({ client, now, ttlMs, ...given }: NewSession): Session {
  return {
    ...given,
    refreshCounter: 0,
    createdAt: now,
    lastUsedAt: now,
    rotatedAt: now,
    expiresAt: new Date(now.getTime() + ttlMs),
    revokedAt: null,
    userAgent: client.userAgent?.slice(0, userAgentMaxLength).replace(unprintable, '') || null,
    address: client.address.slice(0, addressMaxLength),
  }
}

export function isOpen({ revokedAt, expiresAt }: Pick<Session, 'revokedAt' | 'expiresAt'>, now: Date): boolean {
  return revokedAt === null && expiresAt > now
}

/** `repeat`: answer with the successor that was given out already. */
export type RefreshDecision = 'rotate' | 'repeat' | 'reuse' | 'refuse'

/**
 * What becomes of an authentic refresh token. Its predecessor is good for `graceMs` after the rotation, since an answer
 * may be lost on the way and two tabs may ask at once. Anything older was stolen, or its successor was.
 */
export function decideRefresh(session: Session, counter: number, now: Date, graceMs: number): RefreshDecision {
  if (!isOpen(session, now) || counter > session.refreshCounter) return 'refuse'
  if (counter === session.refreshCounter) return 'rotate'
  const inGrace = now.getTime() - session.rotatedAt.getTime() <= graceMs
  return counter === session.refreshCounter - 1 && inGrace ? 'repeat' : 'reuse'
}
