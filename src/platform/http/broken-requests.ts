import type { Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { RequestError } from '@hono/node-server'
import { DomainError } from '../../kernel/errors.ts'
import type { HttpDeps } from './deps.ts'
import { endWithRefusal, type Refusal, refusalOf, writeRefusal } from './refusal.ts'

type BrokenRequestDeps = Pick<HttpDeps, 'requestIds' | 'metrics' | 'log'>

const malformed = new DomainError('request.malformed', 'invalid')
const tooLarge = new DomainError('request.too_large', 'invalid')

/** What Node's parser reports of a request that it gave up. */
const parserRefusals: Readonly<Record<string, readonly [DomainError, number]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [malformed, 408],
  HPE_HEADER_OVERFLOW: [tooLarge, 431],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [tooLarge, 413],
}

/** Answers what comes to no route, with a request id and counted like any other: Node's own answers are neither. */
export function answerBrokenRequests(server: Server, { requestIds, metrics }: BrokenRequestDeps): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const { _httpMessage: underWay } = socket as { readonly _httpMessage?: ServerResponse | null }
    const { code = '' } = error
    const [told, status] = parserRefusals[code] ?? [code.startsWith('HPE_') ? malformed : null, 400]
    if (told === null || !socket.writable || underWay?.headersSent) {
      socket.destroy()
      return
    }
    const refusal = refusalOf(told, requestIds.next(), status)
    // One whose body was awaited is counted where it is.
    if (!underWay) count(metrics, refusal)
    endWithRefusal(socket, refusal)
  })

  server.on('checkExpectation', (_request, response) => {
    const refusal = refusalOf(malformed, requestIds.next(), 417)
    count(metrics, refusal)
    writeRefusal(response, refusal)
  })
}

/** Answers where no Request can be made of what came: an odd Host, or a URL that is none. */
export function answerUnreadable({ requestIds, metrics, log }: BrokenRequestDeps): (error: unknown) => Response {
  return (error) => {
    const requestId = requestIds.next()
    const isReadable = !(error instanceof RequestError)
    if (isReadable) log.error({ err: error, requestId }, 'request failed')
    const refusal = refusalOf(isReadable ? null : malformed, requestId)
    count(metrics, refusal)
    return new Response(refusal.body, { status: refusal.status, headers: refusal.headers })
  }
}

function count(metrics: HttpDeps['metrics'], { status }: Refusal): void {
  metrics.httpRequests.observe({ route: 'other', status }, 0)
}
