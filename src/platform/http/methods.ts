import { TRPCError } from '@trpc/server'
import { createMiddleware } from 'hono/factory'
import { DomainError } from '../../kernel/errors.ts'
import { errorBody } from '../errors.ts'
import { errorShape } from '../trpc.ts'
import { hasBody } from './body.ts'
import { isCall } from './call-target.ts'
import type { HttpEnvironment } from './deps.ts'

const known = ['GET', 'HEAD', 'POST', 'OPTIONS']

/** Refuses what calls and webhooks never use. Of some methods the web's own Request cannot even be made. */
export const knownMethodsOnly = createMiddleware<HttpEnvironment>(async (context, next) => {
  if (known.includes(context.req.method)) return next()
  const { requestId } = context.var
  context.header('allow', known.join(', '))
  // What is left of a body that was refused is not read: the connection ends with it.
  if (hasBody(context.env.incoming)) context.header('connection', 'close')
  const body = isCall(context.req.path)
    ? { error: errorShape(new TRPCError({ code: 'METHOD_NOT_SUPPORTED' }), requestId) }
    : errorBody(new DomainError('request.malformed', 'invalid'), requestId)
  return context.json(body, 405)
})
