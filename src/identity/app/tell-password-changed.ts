import type { User } from '../domain/user.ts'
import type { IdentityDeps } from './ports.ts'
import { withinLimit } from './within-limit.ts'

/**
 * Mails the owner after the answer. The address may be somebody else's, as nobody verified it, so above its limit nothing
 * is sent: that it was reached means that the mails before it have told of changes.
 */
export function tellPasswordChanged({ limits, mail, notices }: Pick<IdentityDeps, 'limits' | 'mail' | 'notices'>) {
  return async ({ email }: Pick<User, 'email'>, at: Date): Promise<void> => {
    if (await withinLimit(limits.passwordNotices, email))
      notices.run('password notice', () => mail.passwordChanged(email, at))
  }
}
