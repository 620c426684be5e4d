import type { Mailer } from '../../platform/mail.ts'
import type { IdentityMail } from '../app/ports.ts'

interface IdentityMailOptions {
  readonly mailer: Mailer
  /** Name of the product. */
  readonly product: string
  /** Address that people use, without a slash at its end. */
  readonly publicUrl: () => string
}

/** The mails about accounts. The token stands behind the `#`, which browsers send to no server and no log. */
export function createIdentityMail({ mailer, product, publicUrl }: IdentityMailOptions): IdentityMail {
  return {
    passwordReset: (to, { token, expiresAt }) =>
      mailer.send({
        to,
        subject: `Set a new ${product} password`,
        text: [
          `Somebody, hopefully you, asked to set a new password for your ${product} account. Open this address to do so:`,
          `${publicUrl()}/reset-password#token=${token}`,
          `It works once, until ${expiresAt.toUTCString()}. If you did not ask for it, ignore this mail: nothing has changed.`,
        ].join('\n\n'),
      }),
    passwordChanged: (to, at) =>
      mailer.send({
        to,
        subject: `Your ${product} password was changed`,
        text: [
          `The password of your ${product} account was changed on ${at.toUTCString()}, and other devices were signed out.`,
          `If that was not you, set a new password at once: ${publicUrl()}/reset-password`,
        ].join('\n\n'),
      }),
  }
}
