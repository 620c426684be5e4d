import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createIdentityMail } from '../../src/identity/adapters/identity-mail.ts'
import { createLogger } from '../../src/platform/log.ts'
import { createMailer, type Mail } from '../../src/platform/mail.ts'

/** Just enough of a mail server to be sent one mail. */
async function openMailbox() {
  const lines: string[] = []
  const answer = (socket: Socket, line: string) => {
    lines.push(line)
    if (line.startsWith('DATA')) socket.write('354 go on\r\n')
    else if (/^(EHLO|MAIL|RCPT|\.$)/.test(line)) socket.write('250 fine\r\n')
  }
  const server = createServer((socket) => {
    socket.write('220 mailbox\r\n')
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n')) answer(socket, line)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP port')
  return { url: `smtp://127.0.0.1:${address.port}`, lines, [Symbol.dispose]: () => void server.close() }
}

describe('mail', () => {
  it('goes to the SMTP server', async () => {
    using mailbox = await openMailbox()
    using mailer = createMailer(
      { SMTP_URL: mailbox.url, MAIL_FROM: 'XM <xm@example.com>' },
      createLogger({ LOG_LEVEL: 'silent', LOG_FORMAT: 'json' }),
    )
    await mailer.send({ to: 'ann@example.com', subject: 'Hello', text: 'Dear Ann' })
    expect(mailbox.lines).toEqual(
      expect.arrayContaining(['MAIL FROM:<xm@example.com>', 'RCPT TO:<ann@example.com>', 'Subject: Hello', 'Dear Ann']),
    )
  })

  it('is shown in the log, link and all, where there is none', async () => {
    const logged: string[] = []
    const log = createLogger({ LOG_LEVEL: 'info', LOG_FORMAT: 'json' }, { write: (line) => void logged.push(line) })
    using mailer = createMailer({ SMTP_URL: undefined, MAIL_FROM: 'XM <xm@example.com>' }, log)
    await mailer.send({ to: 'ann@example.com', subject: 'Hello', text: 'http://x/reset-password#token=abc' })
    expect(JSON.parse(logged.join(''))).toMatchObject({
      to: 'ann@example.com',
      subject: 'Hello',
      text: 'http://x/reset-password#token=abc',
    })
  })

  it('about a reset carries a link and its end', async () => {
    const sent: Mail[] = []
    const mailer = { send: async (mail: Mail) => void sent.push(mail) }
    const mail = createIdentityMail({ mailer, product: 'XM', publicUrl: () => 'https://xm.example' })
    await mail.passwordReset('ann@example.com', { token: 'abc', expiresAt: new Date('2026-01-01T00:00:00Z') })
    expect(sent[0]?.text).toContain('\nhttps://xm.example/reset-password#token=abc\n')
    expect(sent[0]?.text).toContain('Thu, 01 Jan 2026 00:00:00 GMT')
  })
})
