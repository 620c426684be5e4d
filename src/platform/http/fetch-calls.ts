import type { AnyTRPCRouter } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { failedIn } from '../trpc.ts'
import { callContext, longestRetryAfter, noteFailure } from './call-context.ts'
import type { HttpDeps, HttpEnvironment } from './deps.ts'

/** tRPC's own adapter: answers whatever the direct way does not, streamed batches above all. */
export function fetchCalls({ config, authenticate, log, metrics }: HttpDeps, router: AnyTRPCRouter) {
  return async (request: Request, { requestId, address }: HttpEnvironment['Variables']): Promise<Response> => {
    const response = await fetchRequestHandler({
      endpoint: '/trpc',
      req: request,
      router,
      maxBatchSize: config.BATCH_MAX_CALLS,
      createContext: () =>
        callContext(authenticate, {
          authorization: request.headers.get('authorization') ?? undefined,
          userAgent: request.headers.get('user-agent') ?? undefined,
          address,
          requestId,
        }),
      responseMeta: ({ errors }) => {
        const retryAfter = longestRetryAfter(errors)
        return { headers: new Headers(retryAfter === null ? {} : { 'retry-after': retryAfter }) }
      },
      onError({ error, path }) {
        failedIn(requestId, error)
        noteFailure({ metrics, log }, error, { requestId, path })
      },
    })
    // The library names no type where it refuses before any call, and what is guessed instead is text.
    if (response.body !== null && !response.headers.get('content-type')?.startsWith('application/'))
      response.headers.set('content-type', 'application/json')
    return response
  }
}
