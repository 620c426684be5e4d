import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { Refusal } from './refusal.ts'

/** Refuses larger bodies. Hono's own limit reads every body as a stream, so it only gets those of unknown length. */
export function limitBody(maxBytes: number): MiddlewareHandler {
  const limitStream = bodyLimit({ maxSize: maxBytes, onError: refuse })
  return (c, next) => {
    if (c.req.header('transfer-encoding') !== undefined) return limitStream(c, next)
    if (Number(c.req.header('content-length') ?? 0) > maxBytes) refuse()
    return next()
  }
}

function refuse(): never {
  throw new Refusal(413, 'body.too_large', 'the body is larger than allowed')
}
