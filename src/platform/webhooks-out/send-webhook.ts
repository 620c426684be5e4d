import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { isPublicAddress, PrivateAddress, publicLookup } from './public-address.ts'

export interface WebhookMessage {
  /** The same at each attempt: receivers tell copies by it. */
  readonly id: string
  readonly url: string
  /** `whsec_...` */
  readonly secret: string
  /** JSON. */
  readonly body: string
}

/** What came of an attempt; only an answer of 2xx is a delivery. */
export type WebhookOutcome =
  | { readonly ok: true; readonly status: number }
  | { readonly ok: false; readonly problem: string }

export interface WebhookSender {
  /** Never throws: what goes wrong is the outcome. */
  send(message: WebhookMessage): Promise<WebhookOutcome>
}

interface WebhookSenderOptions {
  /** For the whole attempt. */
  readonly timeoutMs: number
  /** Also plain HTTP, and addresses that are not public: for tests, and receivers in one's own network. */
  readonly allowPrivate: boolean
  now(): Date
}

const answerMaxBytes = 65_536

/**
 * Posts messages that are signed as Standard Webhooks says (https://www.standardwebhooks.com). It follows no redirect, and
 * connects to public addresses only.
 */
export function createWebhookSender({ timeoutMs, allowPrivate, now }: WebhookSenderOptions): WebhookSender {
  return {
    async send({ id, url, secret, body }) {
      const at = now()
      const signature = new Webhook(secret).sign(id, at, body)
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'xm-webhooks',
        'webhook-id': id,
        'webhook-timestamp': `${Math.floor(at.getTime() / 1000)}`,
        'webhook-signature': signature,
      }
      try {
        const status = await post(new URL(url), headers, body, { timeoutMs, allowPrivate })
        return status >= 200 && status < 300 ? { ok: true, status } : { ok: false, problem: `answered ${status}` }
      } catch (error) {
        return { ok: false, problem: describe(error) }
      }
    },
  }
}

type PostOptions = Pick<WebhookSenderOptions, 'timeoutMs' | 'allowPrivate'>

function post(
  url: URL,
  headers: Readonly<Record<string, string | number>>,
  body: string,
  { timeoutMs, allowPrivate }: PostOptions,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (!allowPrivate && url.protocol !== 'https:') throw new Error('is not https')
    // A literal address is not looked up.
    if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw new PrivateAddress(host)
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const request = send(url, {
      ...{ method: 'POST', headers, agent: false, signal: AbortSignal.timeout(timeoutMs) },
      ...(allowPrivate ? {} : { lookup: publicLookup }),
    })
    request.on('error', reject)
    request.on('response', (response) => {
      const { statusCode = 0 } = response
      let received = 0
      response.on('error', reject)
      response.on('data', (piece: Buffer) => {
        received += piece.length
        // What it says is not looked at; its status is.
        if (received > answerMaxBytes) finish()
      })
      response.on('end', finish)
      function finish() {
        resolve(statusCode)
        request.destroy()
      }
    })
    request.end(body)
  })
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'gave no answer in time'
  return 'code' in error && typeof error.code === 'string' && !error.message.includes(error.code)
    ? `${error.code}: ${error.message}`
    : error.message
}
