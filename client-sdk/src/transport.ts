// From its own entry: the main one brings along links and a proxy that would double the weight in a browser.
import { httpBatchLink } from '@trpc/client/links/httpBatchLink'
import { networkError, refusalError } from './errors.ts'
import type { FetchLike, FetchResponseLike } from './fetch.ts'
import type { Call } from './procedures.ts'
import type { ServerClock } from './server-clock.ts'
import { version } from './version.ts'

/** Sends one call with this bearer token (null: none) and returns its output. Rejects with XmError. */
export type Transport = (call: Call, token: string | null, signal: AbortSignal) => Promise<unknown>

interface TransportOptions {
  readonly url: string
  readonly fetch: FetchLike
  readonly batchMax: number
  readonly headers: Readonly<Record<string, string>>
  /** Set by the `Date` header of answers, where the browser shows it. */
  readonly clock: ServerClock
}

/** These need no token, and an old one must not get in their way: they travel alone. */
const anonymous = new Set(
  ['register', 'login', 'completeTotp', 'refresh', 'requestPasswordReset', 'resetPassword'].map(
    (name) => `auth.${name}`,
  ),
)
export const isAnonymous = (path: string) => anonymous.has(path)

/** Queries travel in the URL; beyond this many characters a batch is split. */
const urlMaxLength = 6_000

export function createTransport(options: TransportOptions): Transport {
  const linkWith = (maxItems: number) =>
    httpBatchLink({
      url: `${options.url}/trpc`,
      maxItems,
      maxURLLength: urlMaxLength,
      // Calls of one batch were made in one tick; the newest of their tokens serves all of them.
      headers: ({ opList }) => ({
        ...options.headers,
        'x-xm-client': version,
        ...authorization(opList.at(-1)?.context.token),
      }),
      fetch: (input, init) => send(options, String(input), init) as Promise<Response>,
    })({})
  const batching = linkWith(options.batchMax)
  const single = linkWith(1)
  let id = 0

  return ({ type, path, input }, token, signal) =>
    new Promise((resolve, reject) => {
      const link = isAnonymous(path) ? single : batching
      const answers = link({
        op: { id: ++id, type, path, input, signal, context: { token } },
        next: () => {
          throw new Error('The batch link is the last one')
        },
      })
      answers.subscribe({
        next: ({ result }) => resolve('data' in result ? result.data : undefined),
        error: (error) => reject(xmErrorOf(error)),
      })
    })
}

const authorization = (token: unknown) => (typeof token === 'string' ? { authorization: `Bearer ${token}` } : {})

async function send({ fetch, clock }: TransportOptions, url: string, init: object | undefined) {
  let response: FetchResponseLike
  let text: string
  try {
    response = await fetch(url, init)
    text = await response.text()
  } catch (cause) {
    throw networkError('network.unreachable', 'The server could not be reached', cause)
  }
  const { status, headers } = response
  const date = headers.get('date')
  if (date) clock.observe(date)
  const json = parsed(text)
  if (!isEnvelope(json)) {
    // An answer of the HTTP layer or of a proxy, not of a procedure.
    const body = json && typeof json === 'object' ? json : {}
    throw refusalError({ ...body, body, status, retryAfter: headers.get('retry-after') })
  }
  return { ok: response.ok, status, headers, json: async () => json }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isEnvelope = (json: unknown) =>
  Array.isArray(json) || (json !== null && typeof json === 'object' && ('result' in json || isTrpcError(json)))

const isTrpcError = (json: { error?: { message?: unknown; code?: unknown } }) => typeof json.error?.code === 'number'

/** What the link fails with: the server's error in `data`, or our own or the caller's in `cause`. */
interface LinkFailure {
  readonly message: string
  readonly data?: unknown
  readonly meta?: Record<string, unknown> | undefined
  readonly cause?: unknown
}

function xmErrorOf(error: LinkFailure): unknown {
  // Not from the server: thrown by `send`, or a mistake of the caller such as an input that is no JSON.
  if (!error.data) return error.cause ?? error
  const { xm, httpStatus } = error.data as { xm?: unknown; httpStatus?: number }
  const response = error.meta?.response as FetchResponseLike | undefined
  return refusalError({
    message: error.message,
    body: xm,
    status: httpStatus ?? response?.status ?? null,
    retryAfter: response?.headers.get('retry-after'),
    cause: error,
  })
}
