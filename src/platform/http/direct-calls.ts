import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AnyTRPCRouter, getTRPCErrorFromUnknown, TRPCError } from '@trpc/server'
import { clientNetwork } from '../../kernel/client-info.ts'
import { DomainError } from '../../kernel/errors.ts'
import { asRefusal, type Context, errorShape } from '../trpc.ts'
import { readBody } from './body.ts'
import { callContext, clientAddress, longestRetryAfter, noteFailure } from './call-context.ts'
import { isCall, readTarget } from './call-target.ts'
import type { HttpDeps } from './deps.ts'

interface Procedure {
  (call: {
    path: string
    getRawInput: () => Promise<unknown>
    ctx: Context
    type: string
    signal: undefined
    batchIndex: number
  }): Promise<unknown>
  readonly _def: { readonly type: 'query' | 'mutation' | 'subscription' }
}

type Answer = { readonly ok: true; readonly data: unknown } | { readonly ok: false; readonly error: TRPCError }

/**
 * The plain calls of tRPC's protocol (JSON, batched or not), straight on Node's request and response: building a Request,
 * a Response and their streams for each call costs more than the call. `npm run bench query` shows the difference. False
 * means that it is not such a call: streamed batches, other methods and calls from other origins take the general way.
 */
export function directCalls(
  deps: HttpDeps,
  router: AnyTRPCRouter,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const { config, authenticate, addressLimit, requestIds, log, metrics } = deps
  const procedures = router._def.procedures as Readonly<Record<string, Procedure>>

  return (request, response) => {
    if (!isPlainCall(request, config.CORS_ORIGINS.length > 0)) return false
    void answer(request, response)
    return true
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now()
    const requestId = requestIds.next()
    const address = clientAddress(request, config.TRUST_PROXY)
    const target = readTarget(request.url ?? '')
    let answers: readonly Answer[]
    let batch = target.batch
    try {
      await addressLimit.consume(clientNetwork(address), target.paths.length)
      if (target.paths.length > config.BATCH_MAX_CALLS) throw new TRPCError({ code: 'BAD_REQUEST' })
      const { authorization, 'user-agent': userAgent } = request.headers
      const context = await callContext(authenticate, { authorization, userAgent, address, requestId })
      const inputs =
        request.method === 'GET'
          ? parseInputs(target.input)
          : parseInputs((await readBody(request, config.BODY_MAX_BYTES)).toString('utf8'))
      const type = request.method === 'GET' ? 'query' : 'mutation'
      answers = await Promise.all(
        target.paths.map((path, index) => call(path, type, context, batch ? inputOf(inputs, index) : inputs, index)),
      )
    } catch (error) {
      batch = false
      answers = [failure(asRefusal(error) ?? getTRPCErrorFromUnknown(error), requestId, undefined)]
    }
    const status = respond(response, answers, batch, requestId)
    metrics.httpRequests.observe({ route: 'trpc', status }, (performance.now() - startedAt) / 1000)
  }

  async function call(path: string, type: string, ctx: Context, input: unknown, batchIndex: number): Promise<Answer> {
    try {
      const procedure = Object.hasOwn(procedures, path) ? procedures[path] : undefined
      if (procedure === undefined) throw new TRPCError({ code: 'NOT_FOUND' })
      if (procedure._def.type !== type) throw new TRPCError({ code: 'METHOD_NOT_SUPPORTED' })
      return {
        ok: true,
        data: await procedure({ path, getRawInput: async () => input, ctx, type, signal: undefined, batchIndex }),
      }
    } catch (error) {
      return failure(getTRPCErrorFromUnknown(error), ctx.requestId, path)
    }
  }

  function failure(error: TRPCError, requestId: string, path: string | undefined): Answer {
    noteFailure({ metrics, log }, error, { requestId, path })
    return { ok: false, error }
  }
}

function isPlainCall({ method, url = '', headers }: IncomingMessage, answersOtherOrigins: boolean): boolean {
  if (!isCall(url) || (answersOtherOrigins && headers.origin !== undefined)) return false
  if (headers['trpc-accept'] !== undefined || headers.accept?.includes('jsonl') === true) return false
  return method === 'GET' || (method === 'POST' && headers['content-type']?.startsWith('application/json') === true)
}

function parseInputs(text: string | null): unknown {
  if (text === null || text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new DomainError('request.malformed', 'invalid')
  }
}

function inputOf(inputs: unknown, index: number): unknown {
  if (inputs === undefined) return undefined
  if (typeof inputs !== 'object' || inputs === null) throw new DomainError('request.malformed', 'invalid')
  return (inputs as Readonly<Record<number, unknown>>)[index]
}

/** Answers and returns the status: that of the calls where they agree, 207 where they do not. */
function respond(response: ServerResponse, answers: readonly Answer[], batch: boolean, requestId: string): number {
  const results = answers.map((answer) =>
    answer.ok ? { result: { data: answer.data } } : { error: errorShape(answer.error, requestId) },
  )
  const statuses = new Set(results.map((result) => ('error' in result ? result.error.data.httpStatus : 200)))
  const [first = 200] = statuses
  const status = statuses.size === 1 ? first : 207
  const body = JSON.stringify(batch ? results : results[0])
  const retryAfter = longestRetryAfter(answers.flatMap((answer) => (answer.ok ? [] : [answer.error])))
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
    ...(retryAfter !== null && { 'retry-after': retryAfter }),
    // What is left of a body that was refused is not read: the connection ends with it.
    ...(status === 413 && { connection: 'close' }),
  })
  // As text, so that head and body leave in one write.
  response.end(body)
  return status
}
