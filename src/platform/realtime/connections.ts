import { type IncomingMessage, ServerResponse } from 'node:http'
import { clientNetwork } from '../../kernel/client-info.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { RateLimit } from '../cache/rate-limit.ts'
import { asDomainError } from '../errors.ts'
import { clientAddress } from '../http/call-context.ts'
import { endWithRefusal, refusalOf, writeRefusal } from '../http/refusal.ts'
import { createRequestIds } from '../ids.ts'
import type { Gateway } from './sockets.ts'

const requestIds = createRequestIds()
const protocolVersion = '4'

interface ConnectionDeps {
  readonly addressLimit: Pick<RateLimit, 'consume'>
  readonly trustProxy: boolean
  readonly isClosing: () => boolean
  readonly refused: (code: string) => void
}

interface EngineRequest extends IncomingMessage {
  readonly _query: { readonly sid?: string; readonly EIO?: string }
}

/** A response, or for an upgrade what stands for one: it takes headers and can answer nothing. */
type EngineResponse = Pick<ServerResponse, 'setHeader'>

/** What the library's types hide. */
interface Engine {
  readonly clients: Readonly<Record<string, unknown>>
  use(middleware: (request: EngineRequest, response: EngineResponse, next: () => void) => void): void
  verify(request: EngineRequest, isUpgrade: boolean, decide: (errorCode?: number) => void): void
}

/**
 * Names each request to the gateway, and turns new connections away before anything else is done for them: while
 * closing, and above the limit of their network. What comes on an open connection is counted by its packets instead.
 */
export function admitConnections(io: Gateway, { addressLimit, trustProxy, isClosing, refused }: ConnectionDeps): void {
  const engine = io.engine as unknown as Engine

  engine.use((request, response, next) => {
    const requestId = requestIds.next()
    response.setHeader('x-request-id', requestId)
    void admit(request, !(response instanceof ServerResponse)).then(next, (error: unknown) => {
      const refusal = refusalOf(asDomainError(error), requestId)
      refused(asDomainError(error)?.code ?? 'internal')
      if (response instanceof ServerResponse) writeRefusal(response, refusal)
      else endWithRefusal(request.socket, refusal)
    })
  })

  async function admit(request: EngineRequest, isUpgrade: boolean): Promise<void> {
    const { sid, EIO } = request._query
    const isOpen = sid !== undefined && Object.hasOwn(engine.clients, sid)
    if (isUpgrade || !isOpen) await addressLimit.consume(clientNetwork(clientAddress(request, trustProxy)))
    if (isClosing() && !isOpen) throw new DomainError('service.unavailable', 'unavailable')
    // The library's own refusal of an upgrade could not be told by its request id.
    if (isUpgrade && (EIO !== protocolVersion || !isFit(request))) throw new DomainError('request.malformed', 'invalid')
  }

  function isFit(request: EngineRequest): boolean {
    let fit = false
    engine.verify(request, true, (errorCode) => {
      fit = errorCode === undefined
    })
    return fit
  }
}
