import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import type { AnyTRPCRouter, TRPCError } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { errorKinds, type errorTable, isErrorCode } from '#contract'
import type { Actor } from '../kernel/actor.ts'
import { DomainError } from '../kernel/errors.ts'
import type { Ids } from '../kernel/ids.ts'
import type { RateLimit } from './cache/rate-limit.ts'
import type { Config } from './config.ts'
import { asDomainError, errorBody } from './errors.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Context } from './trpc.ts'

export interface HttpEnvironment {
  Bindings: HttpBindings
  Variables: { requestId: string; address: string }
}

interface HttpDeps {
  readonly config: Config
  /** Null where this process answers no calls. */
  readonly router: AnyTRPCRouter | null
  readonly authenticate: (token: string) => Promise<Actor | null>
  readonly webhooks: Hono
  readonly addressLimit: RateLimit
  readonly webhookLimit: RateLimit
  /** `reason` is null when this process can serve, otherwise why not; `degraded` names what it serves without. */
  readonly readiness: () => Promise<{ readonly reason: string | null; readonly degraded: readonly string[] }>
  readonly ids: Ids
  readonly log: Logger
  readonly metrics: Metrics
}

const bearer = /^Bearer +([^\s]+)$/i

/** The HTTP side of the product. The returned server is not listening yet. */
export function createHttpServer(deps: HttpDeps): Server {
  const { config } = deps
  const listener = getRequestListener(createRoutes(deps).fetch, { overrideGlobalObjects: false })
  const server = createServer((request, response) => void listener(request, response))
  server.requestTimeout = config.REQUEST_TIMEOUT_MS
  server.headersTimeout = Math.min(config.REQUEST_TIMEOUT_MS, 15_000)
  server.keepAliveTimeout = 65_000
  return server
}

function createRoutes(deps: HttpDeps): Hono<HttpEnvironment> {
  const { config, readiness, ids, log, metrics } = deps
  const routes = new Hono<HttpEnvironment>()

  routes.use(async (context, next) => {
    const startedAt = performance.now()
    const requestId = ids.next()
    context.set('requestId', requestId)
    context.set('address', clientAddress(context.env.incoming, config.TRUST_PROXY))
    context.header('x-request-id', requestId)
    await next()
    const route = context.req.path.split('/', 2)[1] ?? ''
    const known = knownRoutes.has(route) ? route : 'other'
    metrics.httpRequests.observe({ route: known, status: context.res.status }, (performance.now() - startedAt) / 1000)
  })
  routes.use(secureHeaders())
  if (config.CORS_ORIGINS.length > 0)
    routes.use(cors({ origin: [...config.CORS_ORIGINS], exposeHeaders: ['x-request-id', 'retry-after'], maxAge: 600 }))

  routes.get('/healthz', (context) => context.json({ ok: true }))
  routes.get('/readyz', async (context) => {
    const { reason, degraded } = await readiness()
    return context.json({ ready: reason === null, reason, degraded }, reason === null ? 200 : 503)
  })
  routes.get('/metrics', async (context) => {
    admitToMetrics(config.METRICS_TOKEN, context.var.address, context.req.header('authorization'))
    return context.body(await metrics.registry.metrics(), 200, { 'content-type': metrics.registry.contentType })
  })

  if (deps.router !== null) addCalls(routes, deps, deps.router)

  routes.notFound((context) => {
    const error = new DomainError('request.not_found', 'not_found', { path: context.req.path })
    return context.json(errorBody(error, context.var.requestId), 404)
  })
  routes.onError((error, context) => {
    const known =
      error instanceof HTTPException ? new DomainError('request.malformed', 'invalid') : asDomainError(error)
    const { requestId } = context.var
    if (known === null) log.error({ err: error, requestId, path: context.req.path }, 'request failed')
    const body = errorBody(known, requestId)
    const retryAfter = retryAfterSeconds(known)
    if (retryAfter !== null) context.header('retry-after', retryAfter)
    return context.json(body, statusOf(body.code, known))
  })
  return routes
}

function addCalls(routes: Hono<HttpEnvironment>, deps: HttpDeps, router: AnyTRPCRouter): void {
  const { config, webhooks, addressLimit, webhookLimit } = deps
  const tooLarge = () => {
    throw new DomainError('request.too_large', 'invalid', { bodyMaxBytes: config.BODY_MAX_BYTES })
  }
  routes.use(bodyLimit({ maxSize: config.BODY_MAX_BYTES, onError: tooLarge }))
  routes.use('/webhooks/*', async (context, next) => {
    await webhookLimit.consume(context.var.address)
    await next()
  })
  routes.route('/webhooks', webhooks)

  routes.use('/trpc/*', async (context, next) => {
    await addressLimit.consume(context.var.address)
    await next()
  })
  const answerCalls = trpcHandler(deps, router)
  routes.all('/trpc/*', (context) => answerCalls(context.req.raw, context.var))
}

const knownRoutes = new Set(['trpc', 'webhooks', 'healthz', 'readyz', 'metrics'])

function statusOf(code: keyof typeof errorTable, error: DomainError | null): ContentfulStatusCode {
  return code === 'request.too_large' ? 413 : errorKinds[error?.kind ?? 'internal'].status
}

function retryAfterSeconds(error: DomainError | null): string | null {
  const retryAfterMs = error?.details.retryAfterMs
  return typeof retryAfterMs === 'number' ? String(Math.ceil(retryAfterMs / 1000)) : null
}

function trpcHandler({ config, authenticate, log, metrics }: HttpDeps, router: AnyTRPCRouter) {
  async function createContext(
    request: Request,
    { requestId, address }: HttpEnvironment['Variables'],
  ): Promise<Context> {
    const authorization = request.headers.get('authorization')
    const token = authorization === null ? undefined : bearer.exec(authorization)?.[1]
    const actor = token === undefined ? null : await authenticate(token)
    return {
      actor,
      tokenGiven: authorization !== null,
      client: { address, userAgent: request.headers.get('user-agent') },
      requestId,
    }
  }
  return (request: Request, variables: HttpEnvironment['Variables']): Promise<Response> =>
    fetchRequestHandler({
      endpoint: '/trpc',
      req: request,
      router,
      maxBatchSize: config.BATCH_MAX_CALLS,
      createContext: () => createContext(request, variables),
      responseMeta: ({ errors }) => {
        const waits = errors.flatMap(({ cause }) => retryAfterSeconds(asDomainError(cause)) ?? [])
        return waits.length > 0
          ? { headers: new Headers({ 'retry-after': String(Math.max(...waits.map(Number))) }) }
          : {}
      },
      onError: ({ error, path }) => {
        const code = codeOf(error)
        metrics.procedureErrors.inc({ code })
        if (code === 'internal')
          log.error({ err: error.cause ?? error, requestId: variables.requestId, path }, 'procedure failed')
      },
    })
}

function codeOf({ cause, code }: TRPCError): string {
  const known = asDomainError(cause)
  if (known !== null && isErrorCode(known.code)) return known.code
  return code === 'INTERNAL_SERVER_ERROR' ? 'internal' : 'request.malformed'
}

/** The peer's address; behind a proxy that sets it, the last entry of X-Forwarded-For. */
function clientAddress({ headers, socket }: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? headers['x-forwarded-for'] : undefined
  const last = (Array.isArray(forwarded) ? forwarded.join(',') : forwarded)?.split(',').at(-1)?.trim()
  return last !== undefined && last !== '' ? last.slice(0, 64) : (socket.remoteAddress ?? 'unknown')
}

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

/** Figures tell much: they are for this machine, or for who has the token. */
function admitToMetrics(token: string | undefined, address: string, authorization: string | undefined): void {
  const admitted = token === undefined ? loopback.has(address) : authorization === `Bearer ${token}`
  if (!admitted) throw new DomainError('auth.required', 'unauthenticated')
}
