import { hkdfSync } from 'node:crypto'

/** One key a purpose, so that what leaks or is signed in one place is worth nothing in another. */
export interface IdentityKeys {
  readonly accessTokens: Uint8Array
  readonly refreshTokens: Uint8Array
  readonly totpSecrets: Uint8Array
}

export function deriveKeys(secret: string): IdentityKeys {
  const derive = (purpose: string) => new Uint8Array(hkdfSync('sha256', secret, 'xm identity', `${purpose} v1`, 32))
  return {
    accessTokens: derive('access tokens'),
    refreshTokens: derive('refresh tokens'),
    totpSecrets: derive('totp secrets'),
  }
}
