import { type Actor, isStaff } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import { asDomainError, errorBody } from '../errors.ts'
import { createRequestIds } from '../ids.ts'
import type { Logger } from '../log.ts'
import { forgetRecovery } from './recovery.ts'
import { type Gateway, type GatewaySocket, sessionRoom, staffRoom, userRoom } from './sockets.ts'

const requestIds = createRequestIds()

interface AdmissionDeps {
  /** Resolves to null when the token is not valid. A DomainError it throws becomes the refusal. */
  readonly authenticate: (token: string) => Promise<Actor | null>
  /** Whether staff without a second factor may only enrol, which they cannot do here. */
  readonly staffTotpRequired: boolean
  readonly isClosing: () => boolean
  readonly refused: (code: string) => void
  readonly log: Logger
}

const tokenMaxLength = 4096
/** Handshakes on one connection: the first, and again with a fresh token. */
const attemptsMax = 3

/** Lets in only who has a valid token. A refusal reaches the client as `connect_error` with the error's body in `data`. */
export function guardEntrance(io: Gateway, deps: AdmissionDeps): void {
  const { authenticate, staffTotpRequired, isClosing, refused, log } = deps
  const attempts = new WeakMap<GatewaySocket['conn'], number>()

  io.use((socket, next) => {
    void admit(socket).then(
      () => next(),
      (error) => next(refusal(error)),
    )
  })

  async function admit(socket: GatewaySocket): Promise<void> {
    const attempt = (attempts.get(socket.conn) ?? 0) + 1
    attempts.set(socket.conn, attempt)
    if (isClosing()) throw new DomainError('service.unavailable', 'unavailable')
    if (attempt > attemptsMax) throw new DomainError('rate.limited', 'rate_limited', { retryAfterMs: 1000 })
    const actor = await identify(socket.handshake.auth.token)
    if (socket.recovered && socket.data.actor?.sessionId !== actor.sessionId) forgetRecovery(socket)
    socket.data.actor = actor
  }

  async function identify(token: unknown): Promise<Actor> {
    if (token === undefined || token === null || token === '') throw new DomainError('auth.required', 'unauthenticated')
    const actor = typeof token === 'string' && token.length <= tokenMaxLength ? await authenticate(token) : null
    if (actor === null) throw new DomainError('auth.token_invalid', 'unauthenticated')
    if (staffTotpRequired && isStaff(actor) && !actor.totp)
      throw new DomainError('auth.totp_enrolment_required', 'forbidden')
    return actor
  }

  function refusal(error: unknown): Error {
    const requestId = requestIds.next()
    const known = asDomainError(error)
    if (known === null) log.error({ err: error, requestId }, 'a socket could not be authenticated')
    const body = errorBody(known ?? new DomainError('service.unavailable', 'unavailable'), requestId)
    refused(body.code)
    return Object.assign(new Error(body.message), { data: body })
  }
}

/** Puts a socket into the rooms of its actor, and takes a recovered one out of those its actor has lost. */
export function joinOwnRooms(socket: GatewaySocket): void {
  const { actor } = socket.data
  void socket.join([userRoom(actor.userId), sessionRoom(actor.sessionId)])
  if (isStaff(actor)) void socket.join(staffRoom)
  else void socket.leave(staffRoom)
}
