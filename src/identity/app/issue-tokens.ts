import { formatRefreshToken } from '../domain/refresh-token.ts'
import type { Session } from '../domain/session.ts'
import type { IdentityDeps } from './ports.ts'

export interface Tokens {
  readonly accessToken: string
  readonly accessExpiresAt: Date
  readonly refreshToken: string
}

/** The tokens of a session at one count; asking twice gives the same refresh token. */
export function issueTokens({ accessTokens, refreshMacs }: Pick<IdentityDeps, 'accessTokens' | 'refreshMacs'>) {
  return async ({ id: sessionId, userId, nonce }: Session, counter: number): Promise<Tokens> => {
    const { token, expiresAt } = await accessTokens.issue({ userId, sessionId })
    const mac = refreshMacs.sign({ sessionId, counter, nonce })
    return {
      accessToken: token,
      accessExpiresAt: expiresAt,
      refreshToken: formatRefreshToken({ sessionId, counter, mac }),
    }
  }
}
