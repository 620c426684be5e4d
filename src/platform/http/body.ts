import type { IncomingMessage } from 'node:http'
import { DomainError } from '../../kernel/errors.ts'

/**
 * The whole body. Throws `request.too_large` as soon as that shows, and `request.malformed` when the sender goes away
 * before the end.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = () => new DomainError('request.too_large', 'invalid', { bodyMaxBytes: maxBytes })
  return new Promise((resolve, reject) => {
    const cutOff = () => reject(new DomainError('request.malformed', 'invalid'))
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return reject(tooLarge())
    // A sender that left before anybody listened is heard of no more.
    if (request.destroyed) return cutOff()
    const parts: Buffer[] = []
    let bytes = 0
    request.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes > maxBytes) reject(tooLarge())
      else parts.push(part)
    })
    request.on('end', () => resolve(Buffer.concat(parts)))
    request.on('error', cutOff)
    request.on('close', cutOff)
  })
}

/** Whether a body comes with the request, by the rule of HTTP/1.1. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
