import { initTRPC, TRPCError } from '@trpc/server'
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

const t = initTRPC.context<Context>().create({
  isDev: false,
  errorFormatter: ({ error, shape, ctx }) => {
    const { code, details } = describeError(error)
    return {
      code: shape.code,
      message: errorTable[code].message,
      data: { httpStatus: shape.data.httpStatus, xm: { code, details, requestId: ctx?.requestId ?? '' } },
    }
  },
})

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

/** Gives a thrown DomainError the HTTP status of its kind. What is none becomes a masked 500. */
const translateErrors = t.middleware(async ({ next }) => {
  const result = await next()
  if (result.ok || result.error.cause instanceof z.ZodError) return result
  const cause = asDomainError(result.error.cause)
  if (cause !== null) throw new TRPCError({ code: statusByKind[cause.kind], cause })
  return result
})

const base = t.procedure.use(translateErrors)

export const router = t.router

interface AccessRules {
  readonly actorLimit: RateLimit
  /** Whether staff without a second factor may only enrol. */
  readonly staffTotpRequired: boolean
}

/** The three kinds of procedures: for anybody, for who is signed in, for staff with one of the roles. */
export function createProcedures({ actorLimit, staffTotpRequired }: AccessRules) {
  const enrolling = base.use(async ({ ctx, next }) => {
    const { actor } = ctx
    if (actor === null)
      throw new DomainError(ctx.tokenGiven ? 'auth.token_invalid' : 'auth.required', 'unauthenticated')
    await actorLimit.consume(actor.userId)
    return next({ ctx: { actor } })
  })
  const authed = enrolling.use(async ({ ctx, next }) => {
    if (staffTotpRequired && isStaff(ctx.actor) && !ctx.actor.totp)
      throw new DomainError('auth.totp_enrolment_required', 'forbidden')
    return next()
  })
  const staff = (...allowed: Exclude<Role, 'user'>[]) =>
    authed.use(async ({ ctx, next }) => {
      const admitted = ctx.actor.roles.some((role) => role === 'admin' || (role !== 'user' && allowed.includes(role)))
      if (!admitted) throw new DomainError('auth.forbidden', 'forbidden', { roles: ['admin', ...allowed] })
      return next()
    })
  return {
    open: base,
    /** For the few calls that staff need to set up their second factor. */
    enrolling,
    authed,
    staff,
  }
}

export type Procedures = ReturnType<typeof createProcedures>
