import type { SessionTokens } from './api.ts'
import { isXmError } from './errors.ts'
import type { ServerClock } from './server-clock.ts'
import type { TokenStorage } from './storage.ts'
import { type Listeners, listeners } from './subscription.ts'

/** Why a client lost its session: the user left, a refresh was refused, or the server ended it. */
export type SignedOutReason = 'signed_out' | 'refresh_refused' | 'session_revoked'
export type SessionChange =
  | { readonly type: 'signed_in' }
  | { readonly type: 'signed_out'; readonly reason: SignedOutReason }

export interface SessionStore {
  readonly changes: Listeners<SessionChange>
  current(): Promise<SessionTokens | null>
  /** A token that is not about to expire, as far as the server's time is known; null when signed out. */
  accessToken(): Promise<string | null>
  /** A token other than `stale`, which the server refused; null when there is none. Rejects when out of reach. */
  renew(stale: string): Promise<string | null>
  signIn(tokens: SessionTokens): Promise<void>
  signOut(reason: SignedOutReason): Promise<void>
}

interface SessionDeps {
  readonly storage: TokenStorage
  readonly key: string
  readonly clock: ServerClock
  /** Asks the server for the next pair. */
  readonly refresh: (refreshToken: string) => Promise<SessionTokens>
}

const earlyMaxMs = 15_000

export function createSession({ storage, key, clock, refresh }: SessionDeps): SessionStore {
  const changes = listeners<SessionChange>()
  let renewal: Promise<string | null> | null = null
  let earlyMs = earlyMaxMs

  async function current(): Promise<SessionTokens | null> {
    try {
      return JSON.parse((await storage.get(key)) || 'null')
    } catch {
      return null
    }
  }

  async function save(tokens: SessionTokens): Promise<void> {
    const nowMs = clock.now()
    // Short-lived tokens are renewed in the last tenth of their life, or they would be renewed at every call.
    if (nowMs !== null) earlyMs = Math.min(earlyMaxMs, Math.max(0, (Date.parse(tokens.accessExpiresAt) - nowMs) / 10))
    const { accessToken, accessExpiresAt, refreshToken } = tokens
    await storage.set(key, JSON.stringify({ accessToken, accessExpiresAt, refreshToken }))
  }

  async function signOut(reason: SignedOutReason): Promise<void> {
    if (!(await current())) return
    await storage.remove(key)
    changes.emit({ type: 'signed_out', reason })
  }

  /** Runs alone among the tabs of this origin; what another tab did meanwhile is taken over. */
  async function renewAlone(stale: string): Promise<string | null> {
    const held = await current()
    if (!held || held.accessToken !== stale) return held?.accessToken ?? null
    const next = await refresh(held.refreshToken).catch((error: unknown) => {
      if (isXmError(error) && error.kind === 'unauthenticated') return null
      throw error
    })
    const now = await current()
    // Somebody signed in or out, or another tab was first: the answer belongs to a session that is no longer ours.
    if (now?.refreshToken !== held.refreshToken) return now?.accessToken ?? null
    if (!next) {
      await signOut('refresh_refused')
      return null
    }
    await save(next)
    return next.accessToken
  }

  function renew(stale: string): Promise<string | null> {
    renewal ??= exclusively(`xm-refresh:${key}`, () => renewAlone(stale)).finally(() => {
      renewal = null
    })
    return renewal
  }

  return {
    changes,
    current,
    renew,
    signOut,
    async accessToken() {
      const tokens = await current()
      if (!tokens) return null
      const nowMs = clock.now()
      if (nowMs === null || nowMs < Date.parse(tokens.accessExpiresAt) - earlyMs) return tokens.accessToken
      // Out of reach: the old token may still do, and the call itself will tell.
      return renew(tokens.accessToken).catch(() => tokens.accessToken)
    },
    async signIn(tokens) {
      await save(tokens)
      changes.emit({ type: 'signed_in' })
    },
  }
}

interface LockManagerLike {
  request<T>(name: string, work: () => Promise<T>): Promise<T>
}

/** Under a Web Lock where the platform has them; elsewhere the server's grace for twins has to do. */
function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { navigator } = globalThis as { navigator?: { locks?: LockManagerLike } }
  return navigator?.locks ? navigator.locks.request(name, work) : work()
}
