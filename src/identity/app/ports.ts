import type { Clock } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { IdentityPolicy } from '../domain/policy.ts'
import type { IdentityStore, SessionOwner } from './store-port.ts'

/** Everything the use cases may need; each names what it takes. */
export interface IdentityDeps {
  readonly store: IdentityStore
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
  readonly digest: Digest
  readonly passwords: Passwords
  readonly accessTokens: AccessTokens
  readonly refreshMacs: RefreshMacs
  readonly totp: TotpCodes
  readonly challenges: Challenges
  readonly liveSessions: LiveSessions
  readonly limits: IdentityLimits
  readonly mail: IdentityMail
  /** Apart, so that no number of reset requests, which anybody can send, holds a notice up. */
  readonly resets: Background
  readonly notices: Background
  readonly policy: IdentityPolicy
}

export interface Random {
  /** 256 bits as text that fits URLs and keys. */
  token(): string
  bytes(count: number): Uint8Array
}

/** One-way; for secrets that are random enough to need no salt. */
export type Digest = (secret: string) => string

export interface Passwords {
  hash(password: string): Promise<string>
  /** Takes as long for null (there is no such account) as for a wrong password, and is false. */
  verify(hash: string | null, password: string): Promise<boolean>
}

export interface AccessClaims {
  readonly userId: string
  readonly sessionId: string
}

export interface AccessTokens {
  issue(claims: AccessClaims): Promise<{ token: string; expiresAt: Date }>
  /** Null for a token that is not ours, was changed, or has expired. */
  read(token: string): Promise<AccessClaims | null>
}

interface RefreshMacInput {
  readonly sessionId: string
  readonly counter: number
  readonly nonce: string
}

export interface RefreshMacs {
  sign(input: RefreshMacInput): string
  /** In constant time. */
  matches(mac: string, input: RefreshMacInput): boolean
}

export interface TotpCodes {
  /** `sealed` is what may be stored; `secret` and `uri` are for the owner's authenticator. */
  create(owner: { id: string; email: string }): { sealed: string; secret: string; uri: string }
  /** The time step that the digits belong to, or null when they are wrong. */
  stepOf(userId: string, sealedSecret: string, digits: string): number | null
}

/** A sign-in that awaits its second factor. */
export interface Challenge {
  readonly userId: string
  /** A password change in between makes the challenge void. */
  readonly passwordChangedAtMs: number
  /** The failures that are forgiven at its end. */
  readonly guess: Guess
  readonly expiresAtMs: number
}

export interface Challenges {
  put(key: string, challenge: Challenge, ttlMs: number): Promise<void>
  peek(key: string): Promise<Challenge | null>
  /** Of many takers one gets it. */
  take(key: string): Promise<Challenge | null>
}

/** Who holds a session, from memory at most half a second old. */
export interface LiveSessions {
  find(sessionId: string): Promise<SessionOwner | null>
  /** Makes this process look again. */
  forget(sessionIds: readonly string[]): void
}

export interface Limit {
  /** Counts one. Throws `rate.limited` above the limit. */
  consume(key: string): Promise<void>
  reset(key: string): Promise<void>
}

/** What failures count against: see guessedAccount and clientNetwork. */
export interface Guess {
  readonly account: string
  readonly network: string
}

/** Bounds guessing of passwords: per account and network, per account, and per network. */
export interface SignInLimit {
  /**
   * Runs one guess; null is a wrong one. Throws `rate.limited`, whether or not there is such an account. `known` says that
   * the account has signed in from the network before: what strangers do elsewhere does not keep it out there.
   */
  guess<T>(at: Guess & { readonly known: boolean }, verify: () => Promise<T | null>): Promise<T | null>
  /** Forgets the failures of one account at one network. */
  forgive(guess: Guess): Promise<void>
}

export interface IdentityLimits {
  readonly signIn: SignInLimit
  /** Sign-ins that succeed, per account: see guessedAccount. */
  readonly accountSessions: Limit
  /** Sign-ins that succeed, per network. */
  readonly networkSessions: Limit
  /** Per network. */
  readonly registrations: Limit
  /** Per network. */
  readonly resetRequests: Limit
  /** Per e-mail address. */
  readonly resetMails: Limit
  /** Per challenge. */
  readonly challengeAttempts: Limit
  /** Per account. */
  readonly codes: Limit
  /** Per account, for the password of who is signed in already. */
  readonly ownPassword: Limit
  /** Per account, successful or not. */
  readonly passwordChanges: Limit
  /** Per e-mail address. */
  readonly passwordNotices: Limit
}

export interface IdentityMail {
  passwordReset(to: string, reset: { token: string; expiresAt: Date }): Promise<void>
  passwordChanged(to: string, at: Date): Promise<void>
}

/** Work that the caller does not wait for. Failures are logged; shutdown waits for it. */
export interface Background {
  run(name: string, work: () => Promise<void>): void
}
