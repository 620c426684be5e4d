import type { z } from 'zod'
import { type ClientEvents, clientEvents, type ErrorBody, errorTable } from '#contract'
import type { Actor } from '../../kernel/actor.ts'
import { assert } from '../../kernel/assert.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { RateLimit } from '../cache/rate-limit.ts'
import { asDomainError, errorBody } from '../errors.ts'
import { createRequestIds } from '../ids.ts'
import type { Logger } from '../log.ts'
import { inputIssues } from '../trpc.ts'
import { createMessageMeter } from './message-meter.ts'
import type { RealtimeMeter } from './meter.ts'
import { type GatewaySocket, isPrivateRoom } from './sockets.ts'

const requestIds = createRequestIds()

export type ClientEvent = keyof ClientEvents
type InputOf<K extends ClientEvent> = z.output<(typeof clientEvents)[K]['input']>

/** What a handler may do with the socket that calls. */
export interface CallSocket {
  readonly id: string
  /** Rooms joined by handlers; its private ones do not count. */
  readonly roomCount: number
  isIn(room: string): boolean
  /** Makes it hear a room. Joining twice, or after it has gone, is harmless. */
  join(room: string): void
  leave(room: string): void
}

export interface Call<Input> {
  readonly actor: Actor
  readonly input: Input
  readonly socket: CallSocket
}

export type CallHandlers = {
  readonly [K in ClientEvent]: (call: Call<InputOf<K>>) => Promise<ClientEvents[K]['output']>
}

export type Answer<T = unknown> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ErrorBody & { readonly message: string } }

interface CallDeps {
  readonly handlers: CallHandlers
  readonly messagesPerSecond: number
  readonly actorLimit: Pick<RateLimit, 'consume'>
  readonly meter: RealtimeMeter
  readonly log: Logger
}

type Acknowledge = (answer: Answer) => void
type AnyHandler = (call: Call<unknown>) => Promise<unknown>

/** Answers the calls of one socket. Whatever a client sends, nothing is thrown. */
export function answerCalls(
  socket: GatewaySocket,
  { handlers, messagesPerSecond, actorLimit, meter, log }: CallDeps,
): void {
  const messages = createMessageMeter(messagesPerSecond)
  const callSocket = asCallSocket(socket)
  let underWay = 0

  socket.onAny((name: unknown, ...args: unknown[]) => {
    const last = args.at(-1)
    const acknowledge = typeof last === 'function' ? (last as Acknowledge) : () => {}
    if (!isClientEvent(name)) {
      meter.unknownEvent()
      return
    }
    void answer(name, args[0]).then(acknowledge)
  })

  async function answer(event: ClientEvent, payload: unknown): Promise<Answer> {
    const startedAtMs = performance.now()
    const requestId = requestIds.next()
    underWay++
    try {
      const value = await handle(event, payload)
      meter.callAnswered(event, 'ok', performance.now() - startedAtMs)
      return { ok: true, value }
    } catch (error) {
      const body = describe(error, requestId)
      if (body.code === 'internal') log.error({ err: error, event, requestId }, 'a socket call failed')
      meter.callAnswered(event, body.code, performance.now() - startedAtMs)
      return { ok: false, error: body }
    } finally {
      underWay--
    }
  }

  async function handle(event: ClientEvent, payload: unknown): Promise<unknown> {
    const retryAfterMs = messages.take() || (underWay > messagesPerSecond ? 1000 : 0)
    if (retryAfterMs > 0) throw new DomainError('rate.limited', 'rate_limited', { retryAfterMs })
    const { actor } = socket.data
    const schemas = clientEvents[event]
    const input = schemas.input.safeParse(payload)
    // Counted before it is refused, like any call.
    await actorLimit.consume(actor.userId, input.success ? pointsOf(event, input.data) : 1)
    if (!input.success) throw new InputError(inputIssues(input.error))
    const output = await (handlers[event] as AnyHandler)({ actor, input: input.data, socket: callSocket })
    return schemas.output.parse(output)
  }
}

class InputError extends Error {
  override readonly name = 'InputError'
  readonly issues: ReturnType<typeof inputIssues>

  constructor(issues: ReturnType<typeof inputIssues>) {
    super('input does not fit')
    this.issues = issues
  }
}

/** A call that asks about many things counts as that many calls. */
const weights: { readonly [K in ClientEvent]?: (input: InputOf<K>) => number } = {
  resume: ({ depositIds }) => Math.max(1, depositIds.length),
}

function pointsOf(event: ClientEvent, input: unknown): number {
  const weight = weights[event] as ((input: unknown) => number) | undefined
  return weight?.(input) ?? 1
}

function describe(error: unknown, requestId: string): ErrorBody & { message: string } {
  if (!(error instanceof InputError)) return errorBody(asDomainError(error), requestId)
  const { message } = errorTable['input.invalid']
  return { code: 'input.invalid', message, details: { issues: error.issues }, requestId }
}

function isClientEvent(name: unknown): name is ClientEvent {
  return typeof name === 'string' && Object.hasOwn(clientEvents, name)
}

export function asCallSocket(socket: GatewaySocket): CallSocket {
  return {
    id: socket.id,
    get roomCount() {
      let count = 0
      for (const room of socket.rooms) if (room !== socket.id && !isPrivateRoom(room)) count++
      return count
    },
    isIn: (room) => socket.rooms.has(room),
    join(room) {
      assert(!isPrivateRoom(room), 'a handler joins no private room')
      void socket.join(room)
    },
    leave(room) {
      assert(!isPrivateRoom(room), 'a handler leaves no private room')
      void socket.leave(room)
    },
  }
}
