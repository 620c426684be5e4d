import { type Actor, isStaff, type Role } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'

export type UserStatus = 'active' | 'suspended' | 'deleted'

/** An account. The secrets of the second factor are sealed: only the adapter that made them can read them. */
export interface User {
  readonly id: string
  /** Lower case, like the handle. */
  readonly email: string
  readonly handle: string
  readonly displayName: string
  readonly passwordHash: string
  readonly passwordChangedAt: Date
  readonly roles: readonly Role[]
  readonly status: UserStatus
  /** Set once a second factor has been proven. */
  readonly totpSecret: string | null
  /** Handed out by totpBegin and not proven yet. */
  readonly totpPendingSecret: string | null
  /** The newest time step whose code was accepted; its code and older ones are used up. */
  readonly totpLastStep: number | null
  readonly createdAt: Date
}

interface NewUser extends Pick<User, 'id' | 'email' | 'handle' | 'passwordHash' | 'roles'> {
  readonly displayName: string | undefined
  readonly now: Date
}

export function newUser({ now, displayName, ...given }: NewUser): User {
  return {
    ...given,
    displayName: displayName ?? given.handle,
    passwordChangedAt: now,
    status: 'active',
    totpSecret: null,
    totpPendingSecret: null,
    totpLastStep: null,
    createdAt: now,
  }
}

/** Throws `auth.account_suspended`. */
export function assertMaySignIn({ status }: Pick<User, 'status'>): void {
  if (status !== 'active') throw new DomainError('auth.account_suspended', 'forbidden')
}

/**
 * What guesses at a password count against: the account, whichever of its names was typed, or else the typed text. A new
 * password starts anew.
 */
export function guessedAccount(user: Pick<User, 'id' | 'passwordChangedAt'> | null, login: string): string {
  return user === null ? `nobody:${login}` : `${user.id}:${user.passwordChangedAt.getTime()}`
}

/** Who an account is in the audit log. */
export function auditName({ id, roles }: Pick<User, 'id' | 'roles'>): string {
  return `${isStaff({ roles }) ? 'staff' : 'user'}:${id}`
}

export function actorName({ userId, roles }: Actor): string {
  return auditName({ id: userId, roles })
}
