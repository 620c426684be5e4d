import { createTransport } from 'nodemailer'
import type { Config } from './config.ts'
import type { Logger } from './log.ts'

export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
}

export interface Mailer {
  send(mail: Mail): Promise<void>
}

const connectionsMax = 4
const timeoutMs = 15_000

/** Sends through `SMTP_URL`. Without it mails go to the log, which the configuration allows outside production only. */
export function createMailer(config: Pick<Config, 'SMTP_URL' | 'MAIL_FROM'>, log: Logger): Mailer & Disposable {
  if (config.SMTP_URL === undefined) {
    return {
      async send({ to, subject, text }) {
        log.info({ to, subject, text }, 'mail, not sent because SMTP_URL is not set')
      },
      [Symbol.dispose]() {},
    }
  }
  const transport = createTransport({
    ...{ url: config.SMTP_URL, pool: true, maxConnections: connectionsMax },
    ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
  })
  return {
    async send({ to, subject, text }) {
      await transport.sendMail({ from: config.MAIL_FROM, to, subject, text })
    },
    [Symbol.dispose]: () => transport.close(),
  }
}
