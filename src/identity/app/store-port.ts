import type { IdentityEvent } from '../domain/events.ts'
import type { EndReason, Session } from '../domain/session.ts'
import type { User } from '../domain/user.ts'

/** What an account shows of itself, and what it may do. */
export type Profile = Pick<
  User,
  'id' | 'email' | 'handle' | 'displayName' | 'roles' | 'status' | 'totpSecret' | 'createdAt'
>

/** A session with what its owner is and may do now. */
export interface SessionOwner {
  readonly session: Session
  readonly owner: Profile
}

export interface UserReader {
  byId(id: string): Promise<User | null>
  byEmail(email: string): Promise<User | null>
  byHandle(handle: string): Promise<User | null>
  /** Those that exist, in any order. */
  handlesOf(ids: readonly string[]): Promise<Pick<User, 'id' | 'handle'>[]>
  adminExists(): Promise<boolean>
}

export interface SessionReader {
  find(id: string): Promise<SessionOwner | null>
  /** Newest first. */
  openOf(userId: string, now: Date): Promise<Session[]>
  /** Whether the account has signed in from a network, as far back as sessions are kept, open or ended. */
  wasOpenedFrom(userId: string, network: string): Promise<boolean>
}

export interface UserWriter extends UserReader {
  /** False when the e-mail or the handle is taken. */
  insert(user: User): Promise<boolean>
  /** Reads an account and keeps it from changing until the transaction ends. */
  lock(id: string): Promise<User | null>
  setPassword(id: string, passwordHash: string, now: Date): Promise<void>
  /** False when a second factor is set up already. */
  setPendingTotp(id: string, sealedSecret: string): Promise<boolean>
  /** Makes the pending secret the real one. False when it is not pending any more. */
  enableTotp(id: string, pendingSecret: string, step: number): Promise<boolean>
  /** Uses up the code of one time step, of one secret. False when it, or a later one, was used before. */
  useTotpStep(id: string, sealedSecret: string, step: number): Promise<boolean>
  disableTotp(id: string): Promise<void>
}

export interface SessionWriter extends SessionReader {
  insert(session: Session): Promise<void>
  /** Moves the refresh token from `counter` to the next. False when somebody else did, or the session has ended. */
  rotate(id: string, counter: number, at: { now: Date; expiresAt: Date }): Promise<boolean>
  /** Like openOf, and keeps the sessions from changing until the transaction ends. */
  lockOpenOf(userId: string, now: Date): Promise<Session[]>
  /** Notes that the second factor was proven in a session. */
  proveTotp(id: string): Promise<void>
  /** Undoes that for all sessions of an account. */
  forgetTotp(userId: string): Promise<void>
  /** Returns how many were not ended yet. */
  end(ids: readonly string[], reason: EndReason, now: Date): Promise<number>
}

export interface RecoveryCodeWriter {
  replace(userId: string, hashes: readonly string[]): Promise<void>
  /** False when there is no such code, or it was used. */
  use(userId: string, hash: string): Promise<boolean>
}

export interface PasswordReset {
  readonly tokenHash: string
  readonly userId: string
  readonly createdAt: Date
  readonly expiresAt: Date
}

export interface PasswordResetWriter {
  insert(reset: PasswordReset): Promise<void>
  /** False when it was used before or has expired. */
  use(tokenHash: string, now: Date): Promise<boolean>
  /** Voids whatever else was mailed to the account. */
  useAll(userId: string, now: Date): Promise<void>
}

export interface AuditLine {
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly details: Readonly<Record<string, unknown>>
}

/** Everything one transaction may do. It commits together or not at all. */
export interface IdentityTx {
  readonly users: UserWriter
  readonly sessions: SessionWriter
  readonly recoveryCodes: RecoveryCodeWriter
  readonly passwordResets: PasswordResetWriter
  record(...lines: readonly AuditLine[]): Promise<void>
  announce(...events: readonly IdentityEvent[]): Promise<void>
}

export interface IdentityStore {
  readonly users: UserReader
  readonly sessions: SessionReader
  readonly passwordResets: { find(tokenHash: string): Promise<PasswordReset | null> }
  /** Runs `work` again at a deadlock, so it must do no other I/O. */
  transaction<T>(work: (tx: IdentityTx) => Promise<T>): Promise<T>
  /** Removes what has expired, at most `limit` rows of a kind. Returns how many went. */
  prune(now: Date, limit: number): Promise<number>
}
