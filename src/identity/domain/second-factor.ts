import { isStaff, type Role } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import { normaliseReadableCode } from './readable-code.ts'

export const recoveryCodesCount = 10
/** One character each: 80 bits, beyond guessing even where the stored digests leak. */
export const recoveryCodeBytes = 16

/** What somebody typed as second factor. */
export type TypedCode =
  | { readonly kind: 'totp'; readonly digits: string }
  | { readonly kind: 'recovery'; readonly code: string }

export function readTypedCode(typed: string): TypedCode {
  const digits = typed.replace(/[\s-]/g, '')
  return /^\d{6}$/.test(digits) ? { kind: 'totp', digits } : { kind: 'recovery', code: normaliseReadableCode(typed) }
}

/** Whether a code of this time step was used already. */
export function isReplay(step: number, lastStep: number | null): boolean {
  return lastStep !== null && step <= lastStep
}

/** Throws `auth.forbidden` for staff where a second factor is a must. */
export function assertMayGoWithoutTotp(account: { roles: readonly Role[] }, staffTotpRequired: boolean): void {
  if (staffTotpRequired && isStaff(account))
    throw new DomainError('auth.forbidden', 'forbidden', { rule: 'staff_totp_required' })
}
