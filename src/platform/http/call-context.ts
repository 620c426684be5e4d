import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { TRPCError } from '@trpc/server'
import { isErrorCode } from '#contract'
import type { Actor } from '../../kernel/actor.ts'
import { withoutPort } from '../../kernel/client-info.ts'
import type { DomainError } from '../../kernel/errors.ts'
import { asDomainError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { asRefusal, type Context } from '../trpc.ts'

/** Room for an IPv6 address with its zone. */
const addressMaxLength = 64
const bearer = /^Bearer +([^\s]+)$/i

interface Caller {
  readonly authorization: string | undefined
  readonly userAgent: string | undefined
  readonly address: string
  readonly requestId: string
}

/** Finds out who calls. A failure here is told like that of a procedure, though none has begun. */
export async function callContext(
  authenticate: (token: string) => Promise<Actor | null>,
  caller: Caller,
): Promise<Context> {
  const { authorization, userAgent = null, address, requestId } = caller
  const token = authorization === undefined ? undefined : bearer.exec(authorization)?.[1]
  try {
    const actor = token === undefined ? null : await authenticate(token)
    return { actor, tokenGiven: authorization !== undefined, client: { address, userAgent }, requestId }
  } catch (error) {
    throw asRefusal(error) ?? error
  }
}

/** Counts a failed call, and logs it where it is a bug of ours. */
export function noteFailure(
  { metrics, log }: { metrics: Metrics; log: Logger },
  error: TRPCError,
  about: { requestId: string; path: string | undefined },
): void {
  const code = codeOf(error)
  metrics.procedureErrors.inc({ code })
  if (code === 'internal') log.error({ err: error.cause ?? error, ...about }, 'procedure failed')
}

function codeOf({ cause, code }: TRPCError): string {
  const known = asDomainError(cause)
  if (known !== null && isErrorCode(known.code)) return known.code
  return code === 'INTERNAL_SERVER_ERROR' ? 'internal' : 'request.malformed'
}

/** What the Retry-After header says; null where waiting does not help. */
export function retryAfterSeconds(error: DomainError | null): string | null {
  const retryAfterMs = error?.details.retryAfterMs
  return typeof retryAfterMs === 'number' ? String(Math.ceil(retryAfterMs / 1000)) : null
}

/** The longest wait that any of the failures asks for. */
export function longestRetryAfter(errors: readonly TRPCError[]): string | null {
  const waits = errors.flatMap(({ cause }) => retryAfterSeconds(asDomainError(cause)) ?? [])
  return waits.length === 0 ? null : String(Math.max(...waits.map(Number)))
}

/**
 * The peer's address; behind a proxy that sets it, the last entry of X-Forwarded-For. A client may have written that
 * entry itself: what is no address counts for nothing.
 */
export function clientAddress({ headers, socket }: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? forwardedAddress(headers['x-forwarded-for']) : null
  return forwarded ?? socket.remoteAddress ?? 'unknown'
}

function forwardedAddress(header: string | string[] | undefined): string | null {
  const last = String(header ?? '')
    .split(',')
    .at(-1)
  const host = withoutPort(last?.trim() ?? '')
  return host.length <= addressMaxLength && isIP(host) !== 0 ? host : null
}
