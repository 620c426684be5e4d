import { createHash, timingSafeEqual } from 'node:crypto'
import { type AnyTRPCRouter, getTRPCErrorFromUnknown } from '@trpc/server'
import { type Context, Hono } from 'hono'
import { cors } from 'hono/cors'
import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { clientNetwork } from '../../kernel/client-info.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { Config } from '../config.ts'
import { asDomainError, errorBody } from '../errors.ts'
import { asRefusal, errorShape } from '../trpc.ts'
import { hasBody, readBody } from './body.ts'
import { clientAddress, retryAfterSeconds } from './call-context.ts'
import { isCall, readTarget } from './call-target.ts'
import type { HttpDeps, HttpEnvironment } from './deps.ts'
import { fetchCalls } from './fetch-calls.ts'
import { knownMethodsOnly } from './methods.ts'
import { statusOf } from './refusal.ts'

/** Whatever is not answered directly. */
export function createRoutes(deps: HttpDeps): Hono<HttpEnvironment> {
  const { config, readiness, requestIds, addressLimit, log, metrics } = deps
  const routes = new Hono<HttpEnvironment>()

  routes.use(async (context, next) => {
    const startedAt = performance.now()
    const requestId = requestIds.next()
    context.set('requestId', requestId)
    context.set('address', clientAddress(context.env.incoming, config.TRUST_PROXY))
    await next()
    // Afterwards: an answer that was not made by this framework brings its own headers.
    context.header('x-request-id', requestId)
    context.header('cache-control', 'no-store')
    const route = context.req.path.split('/', 2)[1] ?? ''
    const known = knownRoutes.has(route) ? route : 'other'
    metrics.httpRequests.observe({ route: known, status: context.res.status }, (performance.now() - startedAt) / 1000)
  })
  routes.use(secureHeaders())
  if (config.CORS_ORIGINS.length > 0)
    routes.use(cors({ origin: [...config.CORS_ORIGINS], exposeHeaders: ['x-request-id', 'retry-after'], maxAge: 600 }))

  const countCaller = ({ var: { address } }: Context<HttpEnvironment>) => addressLimit.consume(clientNetwork(address))

  // Whether the process lives may be asked at any time; all else is counted.
  routes.get('/healthz', (context) => context.json({ ok: true }))
  routes.get('/readyz', async (context) => {
    await countCaller(context)
    const { reason, degraded } = await readiness()
    return context.json({ ready: reason === null, reason, degraded }, reason === null ? 200 : 503)
  })
  routes.get('/metrics', async (context) => {
    await countCaller(context)
    admitToMetrics(config, context.var.address, context.req.header('authorization'))
    return context.body(await metrics.registry.metrics(), 200, { 'content-type': metrics.registry.contentType })
  })

  if (deps.router !== null) addCalls(routes, deps, deps.router)

  routes.notFound(async (context) => {
    await countCaller(context)
    const error = new DomainError('request.not_found', 'not_found', { path: context.req.path })
    return context.json(errorBody(error, context.var.requestId), 404)
  })
  routes.onError((error, context) => {
    const known =
      error instanceof HTTPException ? new DomainError('request.malformed', 'invalid') : asDomainError(error)
    const { requestId } = context.var
    if (known === null) log.error({ err: error, requestId, path: context.req.path }, 'request failed')
    // What is left of a body that was refused is not read: the connection ends with it.
    if (known?.code === 'request.too_large') context.header('connection', 'close')
    const retryAfter = retryAfterSeconds(known)
    if (retryAfter !== null) context.header('retry-after', retryAfter)
    if (isCall(context.req.path)) {
      const shape = errorShape(asRefusal(known) ?? getTRPCErrorFromUnknown(error), requestId)
      return context.json({ error: shape }, shape.data.httpStatus as ContentfulStatusCode)
    }
    const body = errorBody(known, requestId)
    return context.json(body, statusOf(body.code, known))
  })
  return routes
}

function addCalls(routes: Hono<HttpEnvironment>, deps: HttpDeps, router: AnyTRPCRouter): void {
  const { config, webhooks, addressLimit, webhookLimit, phase } = deps
  const whenStarted = createMiddleware(async (_context, next) => {
    if (phase() === 'starting')
      throw new DomainError('service.unavailable', 'unavailable', { part: 'start', retryAfterMs: startRetryMs })
    await next()
  })
  for (const path of ['/webhooks/*', '/trpc/*']) routes.use(path, knownMethodsOnly, whenStarted)
  routes.use('/webhooks/*', async (context, next) => {
    await webhookLimit.consume(clientNetwork(context.var.address))
    await next()
  })
  routes.use('/webhooks/*', wholeBody(config.WEBHOOK_BODY_MAX_BYTES))
  routes.route('/webhooks', webhooks)

  routes.use('/trpc/*', async (context, next) => {
    await addressLimit.consume(
      clientNetwork(context.var.address),
      readTarget(context.env.incoming.url ?? '').paths.length,
    )
    await next()
  })
  const answer = fetchCalls(deps, router)
  routes.all('/trpc/*', wholeBody(config.BODY_MAX_BYTES), (context) => answer(context.req.raw, context.var))
}

const startRetryMs = 1_000
const knownRoutes = new Set(['trpc', 'webhooks', 'healthz', 'readyz', 'metrics'])

/** Reads the body before anybody asks for it, up to its limit. */
function wholeBody(maxBytes: number) {
  return createMiddleware<HttpEnvironment>(async ({ req, env: { incoming } }, next) => {
    if (hasBody(incoming) && req.method !== 'GET' && req.method !== 'HEAD') {
      const body = new Uint8Array(await readBody(incoming, maxBytes))
      req.raw = new Request(req.url, { method: req.method, headers: req.raw.headers, body, signal: req.raw.signal })
    }
    await next()
  })
}

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

/** Figures tell much: they are for who has the token; without one for this machine, which a proxy would make everybody. */
function admitToMetrics(
  { METRICS_TOKEN, TRUST_PROXY }: Config,
  address: string,
  authorization: string | undefined = '',
): void {
  const admitted =
    METRICS_TOKEN === undefined
      ? !TRUST_PROXY && loopback.has(address)
      : timingSafeEqual(digest(authorization), digest(`Bearer ${METRICS_TOKEN}`))
  if (!admitted) throw new DomainError('auth.required', 'unauthenticated')
}

const digest = (text: string) => createHash('sha256').update(text).digest()
