import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, it } from 'vitest'
import { isPublicAddress, publicLookup } from '../../src/platform/webhooks-out/public-address.ts'
import { createWebhookSender } from '../../src/platform/webhooks-out/send-webhook.ts'
import { createWebhookSecrets } from '../../src/platform/webhooks-out/webhook-secrets.ts'

const secret = createWebhookSecrets('master').of('endpoint', 1)
const message = { id: 'msg_1', secret, body: '{"type":"a"}' }
const senderOf = (allowPrivate: boolean) => createWebhookSender({ timeoutMs: 300, allowPrivate, now: () => new Date() })
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closing.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?a=1`
}

describe('a webhook', () => {
  it('is signed so that any library of Standard Webhooks takes it', async () => {
    let verified: unknown = null
    const url = await serve((request, response) => {
      let body = ''
      request.on('data', (piece) => {
        body += piece
      })
      request.on('end', () => {
        verified = new Webhook(secret).verify(body, request.headers as Record<string, string>)
        expect([request.url, request.headers['webhook-id']]).toEqual(['/hook?a=1', 'msg_1'])
        response.writeHead(204).end()
      })
    })
    expect(await senderOf(true).send({ ...message, url })).toEqual({ ok: true, status: 204 })
    expect(verified).toEqual({ type: 'a' })
  })

  it.each<[string, RequestListener, string | RegExp]>([
    ['an error', (_, response) => void response.writeHead(500).end('no'), 'answered 500'],
    [
      'a redirect',
      (_, response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      'answered 302',
    ],
    ['no answer', () => {}, 'gave no answer in time'],
    [
      'half an answer',
      (_, response) => void response.writeHead(200, { 'content-length': 10 }).write('a'),
      'gave no answer in time',
    ],
    ['a connection cut', (request) => request.socket.destroy(), /hang up|ECONNRESET/],
  ])('that gets %s was not delivered', async (_, answer, problem) => {
    const outcome = await senderOf(true).send({ ...message, url: await serve(answer) })
    expect(outcome).toEqual({
      ok: false,
      problem: typeof problem === 'string' ? problem : expect.stringMatching(problem),
    })
  })

  it('that gets an endless answer is done with it', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200)
      const piece = Buffer.alloc(16_384)
      const write = () => {
        while (response.write(piece));
      }
      response.on('drain', write)
      response.on('error', () => {})
      write()
    })
    expect(await senderOf(true).send({ ...message, url })).toEqual({ ok: true, status: 200 })
  })

  it.each([
    ['http://example.com/', 'is not https'],
    ['https://127.0.0.1/', 'is no public address'],
    ['https://[::1]/', 'is no public address'],
    ['https://[::ffff:10.0.0.1]/', 'is no public address'],
    ['https://2130706433/', 'is no public address'],
    ['https://0x7f.1/', 'is no public address'],
    ['https://localhost/', 'is no public address'],
  ])('to %s is refused', async (url, problem) => {
    const outcome = await senderOf(false).send({ ...message, url })
    expect(outcome).toEqual({ ok: false, problem: expect.stringContaining(problem) })
  })
})

describe('an address', () => {
  it.each([
    ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1'],
    ...[
      '255.255.255.255',
      '::1',
      '::',
      'fe80::1',
      'fc00::1',
      'ff02::1',
      '::ffff:127.0.0.1',
      '64:ff9b::a00:1',
      '2002:a00:1::',
      'x',
    ],
  ])('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  it.each(['1.1.1.1', '93.184.216.34', '2606:4700::1111', '::ffff:8.8.8.8'])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })

  it('that a name resolves to is checked when it is connected to', async () => {
    const error = await new Promise((done) => publicLookup('localhost', { all: true }, (problem) => done(problem)))
    expect(error).toMatchObject({ name: 'PrivateAddress' })
  })
})

describe('the secret of an endpoint', () => {
  it('is the same each time, and another for another endpoint, version or installation', () => {
    const { of } = createWebhookSecrets('master')
    expect(of('endpoint', 1)).toBe(secret)
    const others = [of('endpoint', 2), of('other', 1), createWebhookSecrets('another').of('endpoint', 1)]
    expect(new Set([secret, ...others]).size).toBe(4)
    expect(Buffer.from(secret.slice('whsec_'.length), 'base64')).toHaveLength(32)
  })
})
