import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import { normaliseReadableCode, readableCode } from '../domain/readable-code.ts'
import { recoveryCodeBytes, recoveryCodesCount } from '../domain/second-factor.ts'
import { actorName, type User } from '../domain/user.ts'
import { recordWrongCode } from './check-code.ts'
import { ownAccount } from './own-account.ts'
import type { IdentityDeps } from './ports.ts'

type Deps = Pick<IdentityDeps, 'store' | 'random' | 'digest' | 'totp' | 'limits' | 'liveSessions'>

/** Turns the second factor on. Returns the recovery codes, which nobody can read again. */
export function confirmTotp(deps: Deps) {
  const { store, random, digest, totp, limits, liveSessions } = deps
  const me = ownAccount(deps)

  async function refuse(user: User): Promise<never> {
    await store.transaction((tx) => recordWrongCode(tx, user, null))
    throw new DomainError('auth.totp_invalid', 'unauthenticated')
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
    const enabled = await store.transaction(async (tx) => {
      if (!(await tx.users.enableTotp(user.id, pending, step))) return false
      await tx.recoveryCodes.replace(
        user.id,
        codes.map((code) => digest(`${user.id}:${normaliseReadableCode(code)}`)),
      )
      await tx.record({ actor: actorName(actor), action: 'auth.totp_enabled', subject: `user:${user.id}`, details: {} })
      return true
    })
    if (!enabled) throw new DomainError('auth.totp_already_enabled', 'conflict')
    liveSessions.forget([actor.sessionId])
    await limits.codes.reset(actor.userId)
    return codes
  }
}
