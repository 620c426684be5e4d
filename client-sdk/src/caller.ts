import type { SessionTokens } from './api.ts'
import { isXmError } from './errors.ts'
import type { Call } from './procedures.ts'
import { attempt, isSafeToRepeat, pause, retryWaitMs } from './retry.ts'
import type { ServerClock } from './server-clock.ts'
import type { SessionStore } from './session.ts'
import { isAnonymous, type Transport } from './transport.ts'

interface CallerDeps {
  readonly transport: Transport
  readonly session: SessionStore
  readonly clock: ServerClock
  /** Milliseconds for each try. */
  readonly timeoutMs: number
  /** Most further tries of what is safe to repeat. */
  readonly retriesMax: number
  /** In place of a session: a merchant's key. */
  readonly apiKey: string | undefined
}

const leaving = new Set(['auth.logout', 'auth.logoutEverywhere'])

/** Carries out calls: token, deadline, repetition; and remembers what sign-in answers. */
export function createCaller({ transport, session, clock, timeoutMs, retriesMax, apiKey }: CallerDeps) {
  return async (call: Call): Promise<unknown> => {
    const tokenNow = async () => (isAnonymous(call.path) ? null : (apiKey ?? (await session.accessToken())))
    try {
      const output = await repeated(call, retriesMax, () => withToken(call, tokenNow))
      await remember(call.path, output)
      return output
    } catch (error) {
      // The session to leave is over already.
      if (leaving.has(call.path) && isXmError(error) && error.kind === 'unauthenticated') await forget()
      throw error
    }
  }

  async function withToken(call: Call, tokenNow: () => Promise<string | null>): Promise<unknown> {
    const deadlineMs = call.options.timeoutMs ?? timeoutMs
    const once = (token: string | null) =>
      attempt(deadlineMs, call.options.signal, (signal) => transport(call, token, signal))
    const token = await tokenNow()
    try {
      return await once(token)
    } catch (error) {
      if (!isXmError(error, 'auth.token_invalid') || token === null || token === apiKey) throw error
      // Refused before anything was done, so every call may be sent again with a new token.
      const next = await session.renew(token)
      if (next === null) throw error
      return once(next)
    }
  }

  async function remember(path: string, output: unknown): Promise<void> {
    if (leaving.has(path)) return forget()
    if (output === null || typeof output !== 'object') return
    if ('serverTime' in output) clock.observe(String(output.serverTime))
    const tokens = (output as { session?: Partial<SessionTokens> | null }).session
    if (path.startsWith('auth.') && tokens?.refreshToken && tokens.accessToken)
      await session.signIn(tokens as SessionTokens)
  }

  function forget(): Promise<void> {
    return session.signOut('signed_out')
  }
}

/** Repeats what is safe to repeat while another try may help, at most `retriesMax` times. */
export async function repeated<T>(call: Call, retriesMax: number, work: () => Promise<T>): Promise<T> {
  for (let tried = 0; ; tried++) {
    try {
      return await work()
    } catch (error) {
      const waitMs = isXmError(error) && isSafeToRepeat(call) && tried < retriesMax ? retryWaitMs(error, tried) : null
      if (waitMs === null) throw error
      await pause(waitMs, call.options.signal)
    }
  }
}
