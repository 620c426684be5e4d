import { errors, jwtVerify, SignJWT } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../../kernel/clock.ts'
import type { AccessClaims, AccessTokens } from '../../app/ports.ts'

const issuer = 'xm'
const audience = 'xm-api'
const algorithm = 'HS256'
const tokenMaxLength = 1024
const verifiedMax = 20_000

interface Verified extends AccessClaims {
  readonly expiresAtMs: number
}

interface AccessTokenOptions {
  readonly key: Uint8Array
  readonly ttlMs: number
  readonly clock: Clock
}

/** JWTs. A token that was verified once is known by its text until it expires; whether its session is open is asked elsewhere. */
export function createAccessTokens({ key, ttlMs, clock }: AccessTokenOptions): AccessTokens {
  const verified = new LRUCache<string, Verified>({ max: verifiedMax })

  async function verify(token: string): Promise<Verified | null> {
    try {
      const { payload } = await jwtVerify(token, key, {
        ...{ issuer, audience, algorithms: [algorithm], requiredClaims: ['sub', 'sid', 'exp'] },
        currentDate: clock.now(),
      })
      const { sub, sid, exp } = payload
      if (sub === undefined || typeof sid !== 'string' || exp === undefined) return null
      return { userId: sub, sessionId: sid, expiresAtMs: exp * 1000 }
    } catch (error) {
      if (error instanceof errors.JOSEError) return null
      throw error
    }
  }

  return {
    async issue({ userId, sessionId }) {
      const nowMs = clock.now().getTime()
      const exp = Math.ceil((nowMs + ttlMs) / 1000)
      const token = await new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: algorithm })
        .setSubject(userId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(Math.floor(nowMs / 1000))
        .setExpirationTime(exp)
        .sign(key)
      return { token, expiresAt: new Date(exp * 1000) }
    },
    async read(token) {
      if (token.length > tokenMaxLength) return null
      const known = verified.get(token) ?? (await verify(token))
      if (known === null) return null
      if (known.expiresAtMs <= clock.now().getTime()) {
        verified.delete(token)
        return null
      }
      verified.set(token, known)
      return { userId: known.userId, sessionId: known.sessionId }
    },
  }
}
