import { initTRPC, TRPCError } from '@trpc/server'
import { getHTTPStatusCodeFromError } from '@trpc/server/http'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import { z } from 'zod'
import { type ErrorCode, errorTable, isErrorCode } from '#contract'
import { type Actor, isStaff, type Role } from '../kernel/actor.ts'
import type { ClientInfo } from '../kernel/client-info.ts'
import { DomainError, type ErrorDetails } from '../kernel/errors.ts'
import type { RateLimit } from './cache/rate-limit.ts'
import { asDomainError } from './errors.ts'

/** All that a procedure knows of its caller. Plain values only: this type is part of the published router type. */
export interface Context {
  readonly actor: Actor | null
  /** Whether a token came along, valid or not. */
  readonly tokenGiven: boolean
  readonly client: ClientInfo
  readonly requestId: string
}

const statusByKind = {
  invalid: 'BAD_REQUEST',
  unauthenticated: 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  not_found: 'NOT_FOUND',
  conflict: 'CONFLICT',
  rate_limited: 'TOO_MANY_REQUESTS',
  unavailable: 'SERVICE_UNAVAILABLE',
} as const

const codeByStatus: Partial<Record<TRPCError['code'], ErrorCode>> = {
  BAD_REQUEST: 'request.malformed',
  PARSE_ERROR: 'request.malformed',
  NOT_FOUND: 'request.not_found',
  METHOD_NOT_SUPPORTED: 'request.malformed',
  UNSUPPORTED_MEDIA_TYPE: 'request.malformed',
  PAYLOAD_TOO_LARGE: 'request.too_large',
}

/** The request of an error that came before any context was made. */
const failedRequests = new WeakMap<TRPCError, string>()

export function failedIn(requestId: string, error: TRPCError): void {
  failedRequests.set(error, requestId)
}

const t = initTRPC.context<Context>().create({
  isDev: false,
  errorFormatter: ({ error, ctx }) => errorShape(error, ctx?.requestId ?? failedRequests.get(error) ?? ''),
})

/** What a client sees of a failed call: tRPC's envelope, with ours in `data.xm`. */
export function errorShape(error: TRPCError, requestId: string) {
  const { code, details } = describeError(error)
  return {
    code: TRPC_ERROR_CODES_BY_KEY[error.code],
    message: errorTable[code].message,
    data: { httpStatus: getHTTPStatusCodeFromError(error), xm: { code, details, requestId } },
  }
}

function describeError(error: TRPCError): { code: ErrorCode; details: ErrorDetails | { issues: InputIssue[] } } {
  const { cause } = error
  if (cause instanceof DomainError && isErrorCode(cause.code)) return { code: cause.code, details: cause.details }
  if (error.code === 'BAD_REQUEST' && cause instanceof z.ZodError)
    return { code: 'input.invalid', details: { issues: inputIssues(cause) } }
  return { code: codeByStatus[error.code] ?? 'internal', details: {} }
}

interface InputIssue {
  readonly field: string
  readonly rule: string
  readonly message: string
}

const issuesMax = 20

/** Names each field and the rule it broke. */
export function inputIssues(error: z.ZodError): InputIssue[] {
  return error.issues
    .slice(0, issuesMax)
    .map(({ path, code, message }) => ({ field: path.map(String).join('.'), rule: code, message }))
}

/** The error as tRPC answers it, with the status of its kind; null for a bug, which becomes a masked 500. */
export function asRefusal(error: unknown): TRPCError | null {
  const cause = asDomainError(error)
  if (cause === null) return null
  return new TRPCError({
    code: cause.code === 'request.too_large' ? 'PAYLOAD_TOO_LARGE' : statusByKind[cause.kind],
    cause,
  })
}

export const router = t.router

interface AccessRules {
  readonly actorLimit: RateLimit
  /** Whether staff without a second factor may only enrol. */
  readonly staffTotpRequired: boolean
}

/**
 * The kinds of procedures: for anybody, for who is signed in, for staff with one of the roles. Each is one middleware,
 * which also gives a thrown DomainError the status of its kind: a chain of them costs every call more than the checks do.
 */
export function createProcedures({ actorLimit, staffTotpRequired }: AccessRules) {
  async function admit({ actor, tokenGiven }: Context): Promise<Actor> {
    if (actor === null) throw new DomainError(tokenGiven ? 'auth.token_invalid' : 'auth.required', 'unauthenticated')
    await actorLimit.consume(actor.userId)
    return actor
  }
  async function admitEnrolled(ctx: Context): Promise<Actor> {
    const actor = await admit(ctx)
    if (staffTotpRequired && isStaff(actor) && !actor.totp)
      throw new DomainError('auth.totp_enrolment_required', 'forbidden')
    return actor
  }
  async function admitStaff(ctx: Context, allowed: readonly Role[]): Promise<Actor> {
    const actor = await admitEnrolled(ctx)
    if (!actor.roles.some((role) => role === 'admin' || allowed.includes(role)))
      throw new DomainError('auth.forbidden', 'forbidden', { roles: ['admin', ...allowed] })
    return actor
  }
  function admitting(admission: (ctx: Context) => Promise<Actor>) {
    return t.procedure.use(async ({ ctx, next }) => {
      try {
        return translated(await next({ ctx: { actor: await admission(ctx) } }))
      } catch (error) {
        throw asRefusal(error) ?? error
      }
    })
  }
  return {
    open: t.procedure.use(async ({ next }) => translated(await next())),
    /** For the few calls that staff need to set up their second factor. */
    enrolling: admitting(admit),
    authed: admitting(admitEnrolled),
    staff: (...allowed: Exclude<Role, 'user'>[]) => admitting((ctx) => admitStaff(ctx, allowed)),
  }
}

/** Throws what a DomainError becomes. What is none becomes a masked 500. */
function translated<R extends { ok: boolean; error?: TRPCError }>(result: R): R {
  const cause = result.error?.cause
  if (result.ok || cause instanceof z.ZodError) return result
  const refusal = asRefusal(cause)
  if (refusal !== null) throw refusal
  return result
}

export type Procedures = ReturnType<typeof createProcedures>
