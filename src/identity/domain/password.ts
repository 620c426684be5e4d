import { DomainError } from '../../kernel/errors.ts'
import { commonPasswords } from './common-passwords.ts'

/** Throws `auth.password_weak` for what anybody would try first. Length is the contract's rule. */
export function assertStrongPassword(password: string, { email, handle }: { email: string; handle: string }): void {
  const reason = weakness(password.toLowerCase(), email.toLowerCase(), handle.toLowerCase())
  if (reason !== null) throw new DomainError('auth.password_weak', 'invalid', { field: 'password', reason })
}

function weakness(password: string, email: string, handle: string): string | null {
  const [mailbox] = email.split('@')
  if (password === email || password === handle || password === mailbox) return 'same_as_account'
  if (new Set(password).size === 1) return 'repeated_character'
  return commonPasswords.has(password) ? 'common' : null
}
