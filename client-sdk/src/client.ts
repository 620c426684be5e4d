import type { Api, SessionTokens } from './api.ts'
import { createCaller, repeated } from './caller.ts'
import type { FetchLike } from './fetch.ts'
import { paginate } from './paginate.ts'
import { type Call, procedures } from './procedures.ts'
import { createRealtime } from './realtime/realtime.ts'
import type { Realtime } from './realtime/surface.ts'
import { attempt } from './retry.ts'
import { createServerClock } from './server-clock.ts'
import { createSession, type SignedOutReason } from './session.ts'
import { memoryStorage, type TokenStorage } from './storage.ts'
import { createTransport } from './transport.ts'
import { version } from './version.ts'

export interface ClientOptions {
  /** Where the API is: an address such as `https://xm.example`, or a URL; may have a path. */
  readonly url: string | { readonly href: string }
  /** Keeps the session; in memory unless told. */
  readonly storage?: TokenStorage | undefined
  /** Name of the session in `storage`; `xm.session` unless told. Clients that share both share the session. */
  readonly storageKey?: string | undefined
  /** A merchant's API key, in place of a session. */
  readonly apiKey?: string | undefined
  /** The global `fetch` unless told. */
  readonly fetch?: FetchLike | undefined
  /** More headers for every call. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Milliseconds for each try of a call; 15000 unless told. */
  readonly timeoutMs?: number | undefined
  /** Most further tries of a call that is safe to repeat; 3 unless told, 0 for none. */
  readonly retriesMax?: number | undefined
  /** Most calls of one tick that share a request; 10 unless told, 1 for none. */
  readonly batchMax?: number | undefined
  /** Milliseconds for an answer over the socket; 10000 unless told. */
  readonly ackTimeoutMs?: number | undefined
  /** Longest pause between tries to reconnect, milliseconds; 10000 unless told. */
  readonly reconnectMaxMs?: number | undefined
  /** The session is over: the user left, a refresh was refused, or the server ended it. */
  readonly onSignedOut?: ((reason: SignedOutReason) => void) | undefined
}

export interface ClientSession {
  /** The tokens held now; null when signed out. */
  current(): Promise<SessionTokens | null>
  /** Takes over a session made elsewhere. */
  resume(tokens: SessionTokens): Promise<void>
  /** Forgets the tokens without telling the server; `auth.logout` does both. */
  forget(): Promise<void>
}

export interface ClientTools {
  readonly session: ClientSession
  readonly realtime: Realtime
  /** `for await (const deposit of client.paginate(client.deposits.list, { status: 'settled' }))` */
  readonly paginate: typeof paginate
  /** Ends the realtime connection and every timer. Calls still work. */
  close(): void
}

/** All procedures of the server, and the tools beside them. */
export type XmClient = Api & ClientTools

const sessionKey = 'xm.session'
/** The server answers a repeated refresh with the same pair for 10 s: three tries have to fit. */
const refreshTry = { timeoutMs: 2_800, retriesMax: 2 }

/** A client of one server for one user. Nothing is sent before the first call. */
export function createClient(options: ClientOptions): XmClient {
  const { timeoutMs = 15_000, retriesMax = 3, apiKey, storageKey = sessionKey } = options
  const page = globalThis as { location?: { href: string } }
  const url = new URL(typeof options.url === 'string' ? options.url : options.url.href, page.location?.href)
  const clock = createServerClock()
  const transport = createTransport({
    url: `${url.origin}${url.pathname.replace(/\/$/, '')}`,
    // Called as a bare function: a browser's fetch refuses any other receiver than the window.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    headers: options.headers ?? {},
    batchMax: options.batchMax ?? 10,
    clock,
  })
  const session = createSession({
    storage: options.storage ?? memoryStorage(),
    key: storageKey,
    clock,
    async refresh(refreshToken) {
      const call: Call = { type: 'mutation', path: 'auth.refresh', input: { refreshToken }, options: {} }
      const once = () =>
        attempt(Math.min(timeoutMs, refreshTry.timeoutMs), undefined, (signal) => transport(call, null, signal))
      return ((await repeated(call, refreshTry.retriesMax, once)) as { session: SessionTokens }).session
    },
  })
  session.changes.add((change) => change.type === 'signed_out' && options.onSignedOut?.(change.reason))
  const realtime = createRealtime({
    url,
    version,
    session,
    apiKey,
    ackTimeoutMs: options.ackTimeoutMs ?? 10_000,
    backoffMaxMs: options.reconnectMaxMs ?? 10_000,
  })
  const tools: ClientTools = {
    realtime,
    paginate,
    session: {
      current: session.current,
      resume: session.signIn,
      forget: () => session.signOut('signed_out'),
    },
    close: realtime.close,
  }
  return procedures(createCaller({ transport, session, clock, timeoutMs, retriesMax, apiKey }), tools) as XmClient
}
