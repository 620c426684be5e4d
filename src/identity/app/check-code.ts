import { isReplay, readTypedCode, type TypedCode } from '../domain/second-factor.ts'
import { auditName, type User } from '../domain/user.ts'
import type { IdentityDeps } from './ports.ts'
import type { IdentityTx } from './store-port.ts'

/** A code that looks right; it counts only once `use` has used it up. */
export interface ProvenCode {
  readonly method: 'totp' | 'recovery_code'
  /** False when it was used before. */
  use(tx: IdentityTx): Promise<boolean>
}

/** Looks at a code without using it up. Null when it is wrong at sight. */
export function proveCode({ totp, digest }: Pick<IdentityDeps, 'totp' | 'digest'>) {
  return (user: User, typed: string): ProvenCode | null => {
    const code: TypedCode = readTypedCode(typed)
    if (user.totpSecret === null) return null
    const { id, totpSecret, totpLastStep } = user
    if (code.kind === 'recovery') {
      return { method: 'recovery_code', use: (tx) => tx.recoveryCodes.use(id, digest(`${id}:${code.code}`)) }
    }
    const step = totp.stepOf(id, totpSecret, code.digits)
    if (step === null || isReplay(step, totpLastStep)) return null
    return { method: 'totp', use: (tx) => tx.users.useTotpStep(id, totpSecret, step) }
  }
}

export function recordWrongCode(tx: IdentityTx, user: User, address: string | null): Promise<void> {
  return tx.record({
    actor: auditName(user),
    action: 'auth.totp_failed',
    subject: `user:${user.id}`,
    details: { address },
  })
}
