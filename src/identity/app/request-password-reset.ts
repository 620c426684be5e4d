import { type ClientInfo, clientNetwork } from '../../kernel/client-info.ts'
import type { IdentityDeps } from './ports.ts'
import { withinLimit } from './within-limit.ts'

type Deps = Pick<IdentityDeps, 'store' | 'clock' | 'random' | 'digest' | 'limits' | 'mail' | 'resets' | 'policy'>

/** Mails a reset link if there is such an account. Whatever depends on that happens after the answer. */
export function requestPasswordReset({ store, clock, random, digest, limits, mail, resets, policy }: Deps) {
  async function send(email: string): Promise<void> {
    const user = await store.users.byEmail(email)
    if (user?.status !== 'active') return
    const token = random.token()
    const createdAt = clock.now()
    const expiresAt = new Date(createdAt.getTime() + policy.passwordResetTtlMs)
    await store.transaction(async (tx) => {
      await tx.passwordResets.insert({ tokenHash: digest(token), userId: user.id, createdAt, expiresAt })
      await tx.record({
        actor: 'system',
        action: 'auth.password_reset_mailed',
        subject: `user:${user.id}`,
        details: {},
      })
    })
    await mail.passwordReset(email, { token, expiresAt })
  }

  return async (email: string, client: ClientInfo): Promise<void> => {
    const network = clientNetwork(client.address)
    const mayAsk = await withinLimit(limits.resetRequests, network)
    // Who asks too much takes as many steps as others, but uses nobody's mails up.
    const mayGet = await withinLimit(limits.resetMails, mayAsk ? email : network)
    if (mayAsk && mayGet) resets.run('password reset', () => send(email))
  }
}
