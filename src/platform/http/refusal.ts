import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { errorKinds } from '#contract'
import type { DomainError } from '../../kernel/errors.ts'
import { errorBody } from '../errors.ts'
import { retryAfterSeconds } from './call-context.ts'

/** A failed answer outside tRPC, for where no framework writes it. */
export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** `status` where it is not that of the error. The connection ends with such an answer. */
export function refusalOf(error: DomainError | null, requestId: string, status?: number): Refusal {
  const body = errorBody(error, requestId)
  const retryAfter = retryAfterSeconds(error)
  const text = JSON.stringify(body)
  return {
    status: status ?? statusOf(body.code, error),
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': requestId,
      ...(retryAfter !== null && { 'retry-after': retryAfter }),
      connection: 'close',
    },
    body: text,
  }
}

export function statusOf(code: string, error: DomainError | null): ContentfulStatusCode {
  return code === 'request.too_large' ? 413 : errorKinds[error?.kind ?? 'internal'].status
}

export function writeRefusal(response: ServerResponse, { status, headers, body }: Refusal): void {
  response.writeHead(status, headers).end(body)
}

/** Answers where there is a connection and no response: what came is not HTTP, or is no longer. */
export function endWithRefusal(socket: Duplex, { status, headers, body }: Refusal): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  // A peer that has gone in the meantime is no concern of ours.
  socket.on('error', () => {})
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n'), () => socket.destroy())
}
