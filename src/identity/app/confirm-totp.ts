import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import { normaliseReadableCode, readableCode } from '../domain/readable-code.ts'
import { recoveryCodeBytes, recoveryCodesCount } from '../domain/second-factor.ts'
import { actorName, type User } from '../domain/user.ts'
import { recordWrongCode } from './check-code.ts'
import { endSessions } from './end-sessions.ts'
import { ownAccount } from './own-account.ts'
import type { IdentityDeps } from './ports.ts'
import type { IdentityTx } from './store-port.ts'

type Deps = Pick<IdentityDeps, 'store' | 'clock' | 'random' | 'digest' | 'totp' | 'limits' | 'liveSessions'>

/**
 * Turns the second factor on, and ends every session but the one that proved it: who holds another knows the password at
 * most. Returns the recovery codes, which nobody can read again.
 */
export function confirmTotp(deps: Deps) {
  const { store, clock, random, digest, totp, limits, liveSessions } = deps
  const me = ownAccount(deps)

  async function refuse(user: User): Promise<never> {
    await store.transaction((tx) => recordWrongCode(tx, user, null))
    throw new DomainError('auth.totp_invalid', 'unauthenticated')
  }

  /** Returns the sessions that ended. */
  async function endOthers(tx: IdentityTx, actor: Actor): Promise<string[]> {
    const now = clock.now()
    const open = await tx.sessions.lockOpenOf(actor.userId, now)
    const others = open.filter(({ id }) => id !== actor.sessionId)
    // A session that ended meanwhile turns nothing on.
    if (others.length === open.length) throw new DomainError('auth.token_invalid', 'unauthenticated')
    await endSessions(tx, others, { reason: 'totp_enabled', actor: actorName(actor), now })
    await tx.sessions.proveTotp(actor.sessionId)
    return others.map(({ id }) => id)
  }

  return async (actor: Actor, typed: string): Promise<string[]> => {
    const user = await me(actor)
    const { totpPendingSecret: pending } = user
    if (user.totpSecret !== null) throw new DomainError('auth.totp_already_enabled', 'conflict')
    if (pending === null) throw new DomainError('auth.totp_not_enabled', 'conflict')
    await limits.codes.consume(actor.userId)
    const step = totp.stepOf(user.id, pending, typed.replace(/[\s-]/g, ''))
    if (step === null) return refuse(user)

    const codes = Array.from({ length: recoveryCodesCount }, () => readableCode(random.bytes(recoveryCodeBytes)))
    const ended = await store.transaction(async (tx) => {
      // The account's row, held from here on, keeps a sign-in by password alone from slipping through.
      if (!(await tx.users.enableTotp(user.id, pending, step)))
        throw new DomainError('auth.totp_already_enabled', 'conflict')
      const others = await endOthers(tx, actor)
      await tx.recoveryCodes.replace(
        user.id,
        codes.map((code) => digest(`${user.id}:${normaliseReadableCode(code)}`)),
      )
      await tx.record({ actor: actorName(actor), action: 'auth.totp_enabled', subject: `user:${user.id}`, details: {} })
      return others
    })
    liveSessions.forget([actor.sessionId, ...ended])
    await limits.codes.reset(actor.userId)
    return codes
  }
}
