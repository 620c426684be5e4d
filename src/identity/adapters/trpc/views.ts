import type { z } from 'zod'
import type { LoginOutput, SessionTokens, SessionView, SignedIn, UserView } from '#contract'
import type { Actor } from '../../../kernel/actor.ts'
import type { Tokens } from '../../app/issue-tokens.ts'
import type { AwaitsTotp } from '../../app/log-in.ts'
import type { SignedIn as Entered } from '../../app/register.ts'
import type { Profile } from '../../app/store-port.ts'
import type { Session } from '../../domain/session.ts'

export function viewUser({ id, email, handle, displayName, roles, totpSecret, createdAt }: Profile): UserView {
  return {
    id,
    email,
    handle,
    displayName,
    roles: [...roles],
    totpEnabled: totpSecret !== null,
    createdAt: createdAt.toISOString(),
  }
}

export function viewTokens({ accessToken, accessExpiresAt, refreshToken }: Tokens): SessionTokens {
  return { accessToken, accessExpiresAt: accessExpiresAt.toISOString(), refreshToken }
}

export function viewSignedIn({ user, tokens }: Entered): z.output<typeof SignedIn> {
  return { user: viewUser(user), session: viewTokens(tokens) }
}

export function viewLogin(answer: Entered | AwaitsTotp): z.output<typeof LoginOutput> {
  return 'challenge' in answer ? { totpRequired: true, challenge: answer.challenge } : viewSignedIn(answer)
}

export function viewSession(
  { id, createdAt, lastUsedAt, userAgent, address }: Session,
  actor: Actor,
): z.output<typeof SessionView> {
  const current = id === actor.sessionId
  return { id, current, createdAt: createdAt.toISOString(), lastUsedAt: lastUsedAt.toISOString(), userAgent, address }
}
