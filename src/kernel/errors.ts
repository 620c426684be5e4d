/** What kind of refusal an error is; adapters turn it into their protocol's status. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'rate_limited'
  | 'unavailable'

/** Plain JSON values only: details travel to the client as they are. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>

/** Something a user can cause or must know about. Everything else is a bug and stays an `Error`. */
export class DomainError extends Error {
  override readonly name = 'DomainError'
  readonly code: string
  readonly kind: ErrorKind
  readonly details: ErrorDetails

  constructor(code: string, kind: ErrorKind, details: ErrorDetails = {}) {
    super(code)
    this.code = code
    this.kind = kind
    this.details = details
  }
}
