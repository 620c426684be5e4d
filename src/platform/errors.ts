import { type ErrorBody, type ErrorCode, errorTable, isErrorCode } from '#contract'
import { DomainError, type ErrorDetails } from '../kernel/errors.ts'
import { isOutOfReach } from './database/failures.ts'

/** Turns whatever was thrown into what a client may see; null for a bug, whose particulars stay in the log. */
export function asDomainError(error: unknown): DomainError | null {
  if (error instanceof DomainError) return error
  if (isOutOfReach(error)) return new DomainError('service.unavailable', 'unavailable', { part: 'database' })
  return null
}

/** The body of a failed answer outside tRPC. */
export function errorBody(error: DomainError | null, requestId: string): ErrorBody & { message: string } {
  const code: ErrorCode = error !== null && isErrorCode(error.code) ? error.code : 'internal'
  const details: ErrorDetails = code === 'internal' ? {} : (error?.details ?? {})
  return { code, message: errorTable[code].message, details, requestId }
}
