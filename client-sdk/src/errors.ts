import type { ErrorCode, ErrorKind } from './contract/errors.ts'
import { errorKinds } from './contract/errors.ts'

/** What can go wrong before an answer arrives. */
export type NetworkErrorCode = 'network.unreachable' | 'network.timeout' | 'network.aborted'

export type XmErrorCode = ErrorCode | NetworkErrorCode
export type XmErrorKind = ErrorKind | 'network'

export interface XmErrorFields<C extends XmErrorCode = XmErrorCode> {
  readonly code: C
  readonly kind: XmErrorKind
  readonly message: string
  readonly details?: Readonly<Record<string, unknown>> | undefined
  readonly requestId?: string | null | undefined
  readonly status?: number | null | undefined
  readonly retryAfterMs?: number | null | undefined
  readonly cause?: unknown
}

/** Every refusal of the server and every failure to reach it. Compare `code`; `message` is for people. */
export class XmError<C extends XmErrorCode = XmErrorCode> extends Error {
  override readonly name = 'XmError'
  readonly code: C
  /** Class of the refusal, e.g. `conflict`; `network` when no answer arrived. */
  readonly kind: XmErrorKind
  /** Particulars, by code: limits, field names and the like. */
  readonly details: Readonly<Record<string, unknown>>
  /** Quote it to support; null when no answer arrived. */
  readonly requestId: string | null
  /** HTTP status; null when no answer arrived, or when it came over the socket. */
  readonly status: number | null
  /** Milliseconds the server asked to wait before the next try; null when it did not say. */
  readonly retryAfterMs: number | null

  constructor(fields: XmErrorFields<C>) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.code = fields.code
    this.kind = fields.kind
    this.details = fields.details ?? {}
    this.requestId = fields.requestId ?? null
    this.status = fields.status ?? null
    this.retryAfterMs = fields.retryAfterMs ?? null
  }
}

/** Whether `error` comes from the client and, when a code is given, is exactly that refusal. */
export function isXmError<C extends XmErrorCode = XmErrorCode>(error: unknown, code?: C): error is XmError<C> {
  return error instanceof XmError && (code === undefined || error.code === code)
}

export function networkError(code: NetworkErrorCode, message: string, cause?: unknown): XmError {
  return new XmError({ code, kind: 'network', message, cause })
}

export function kindOfStatus(status: number): ErrorKind {
  for (const kind in errorKinds) if (errorKinds[kind as ErrorKind].status === status) return kind as ErrorKind
  if (status === 502 || status === 504) return 'unavailable'
  return status >= 500 ? 'internal' : 'invalid'
}

const codeOfKind: Partial<Record<ErrorKind, ErrorCode>> = {
  rate_limited: 'rate.limited',
  unavailable: 'service.unavailable',
  not_found: 'request.not_found',
  unauthenticated: 'auth.required',
  forbidden: 'auth.forbidden',
}

/** The refusals that come over the socket, without an HTTP status to tell their kind. */
export const socketKinds: Partial<Record<ErrorCode, ErrorKind>> = {
  'auth.required': 'unauthenticated',
  'auth.token_invalid': 'unauthenticated',
  'auth.account_suspended': 'forbidden',
  'auth.totp_enrolment_required': 'forbidden',
  'auth.forbidden': 'forbidden',
  'deposit.not_found': 'not_found',
  'input.invalid': 'invalid',
  'rate.limited': 'rate_limited',
  'service.unavailable': 'unavailable',
  'socket.too_many_watches': 'rate_limited',
}

interface Refusal {
  readonly message?: unknown
  /** `{ code, details, requestId }`, as far as the answer had them. */
  readonly body?: unknown
  readonly status?: number | null
  readonly retryAfter?: string | null | undefined
  readonly cause?: unknown
}

/** The error of an answer, whoever gave it: the API, its HTTP layer, or a proxy in front of it. */
export function refusalError({ message, body, status = null, retryAfter, cause }: Refusal): XmError {
  const { code, details, requestId } = (body ?? {}) as Record<string, unknown>
  const kind = status === null ? (socketKinds[code as ErrorCode] ?? 'internal') : kindOfStatus(status)
  const known = (details ?? {}) as Record<string, unknown>
  return new XmError({
    code: (typeof code === 'string' ? code : (codeOfKind[kind] ?? 'internal')) as ErrorCode,
    kind,
    message: typeof message === 'string' ? message : `The server answered with status ${status}`,
    details: known,
    requestId: typeof requestId === 'string' ? requestId : null,
    status,
    retryAfterMs: typeof known.retryAfterMs === 'number' ? known.retryAfterMs : retryAfterMs(retryAfter),
    cause,
  })
}

/** `Retry-After` in milliseconds. Its date form is ignored: it would need a clock shared with the server. */
function retryAfterMs(header: string | null | undefined): number | null {
  return header && /^\d+$/.test(header) ? Number(header) * 1000 : null
}
