import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { answerBrokenRequests, answerUnreadable } from './broken-requests.ts'
import type { HttpDeps } from './deps.ts'
import { directCalls } from './direct-calls.ts'
import { createRoutes } from './routes.ts'
import { UpgradableRequest } from './socket-upgrades.ts'

const headersTimeoutMs = 15_000
const keepAliveTimeoutMs = 65_000
/** How late a timeout of the above may be noticed. */
const timeoutCheckMs = 2_000

/** The HTTP side of the product. The returned server is not listening yet. */
export function createHttpServer(deps: HttpDeps): Server {
  const { config, metrics } = deps
  const listener = getRequestListener(createRoutes(deps).fetch, {
    overrideGlobalObjects: false,
    errorHandler: answerUnreadable(deps),
  })
  const answerDirectly = deps.router === null ? () => false : directCalls(deps, deps.router)
  const settings = {
    IncomingMessage: UpgradableRequest,
    requestTimeout: config.REQUEST_TIMEOUT_MS,
    headersTimeout: Math.min(config.REQUEST_TIMEOUT_MS, headersTimeoutMs),
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionsCheckingInterval: timeoutCheckMs,
    // Refused further down, with a request id.
    requireHostHeader: false,
  }
  const server = createServer(settings, (request, response) => {
    const { host, upgrade } = request.headers
    // Node's parser drops what follows a wish for another protocol in the same chunk.
    if (upgrade !== undefined) response.shouldKeepAlive = false
    if (deps.phase() === 'starting' || host === undefined || !answerDirectly(request, response))
      void listener(request, response)
  })
  server.maxConnections = config.CONNECTIONS_MAX
  server.on('drop', () => metrics.connectionsDropped.inc())
  answerBrokenRequests(server, deps)
  return server
}
