/** The rules of the house for accounts; times in milliseconds. */
export interface IdentityPolicy {
  readonly sessionTtlMs: number
  readonly refreshGraceMs: number
  readonly sessionsPerUserMax: number
  readonly passwordResetTtlMs: number
  readonly totpChallengeTtlMs: number
  readonly staffTotpRequired: boolean
}
