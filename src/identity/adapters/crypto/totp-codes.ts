import { Secret, TOTP } from 'otpauth'
import type { Clock } from '../../../kernel/clock.ts'
import type { TotpCodes } from '../../app/ports.ts'
import type { SealedBox } from './sealed-box.ts'

const periodSeconds = 30
const parameters = { algorithm: 'SHA1', digits: 6, period: periodSeconds } as const
const secretBytes = 20
/** Steps that the owner's clock may be off, either way. */
const window = 1

export function createTotpCodes({ box, issuer, clock }: { box: SealedBox; issuer: string; clock: Clock }): TotpCodes {
  return {
    create({ id, email }) {
      const secret = new Secret({ size: secretBytes })
      const uri = new TOTP({ ...parameters, issuer, label: email, secret }).toString()
      return { sealed: box.seal(secret.base32, id), secret: secret.base32, uri }
    },
    stepOf(userId, sealedSecret, digits) {
      if (!/^\d{6}$/.test(digits)) return null
      const secret = Secret.fromBase32(box.open(sealedSecret, userId))
      const timestamp = clock.now().getTime()
      const offset = new TOTP({ ...parameters, secret }).validate({ token: digits, timestamp, window })
      return offset === null ? null : Math.floor(timestamp / (periodSeconds * 1000)) + offset
    },
  }
}
