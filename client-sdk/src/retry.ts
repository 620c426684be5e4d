import type { XmError } from './errors.ts'
import { networkError } from './errors.ts'
import type { AbortSignalLike, Call } from './procedures.ts'

const firstWaitMs = 200
const waitMaxMs = 5_000
/** A server that asks for more patience than this gets its error shown instead. */
const retryAfterMaxMs = 30_000

/** Whether doing it twice is the same as doing it once. */
export function isSafeToRepeat({ type, path, input }: Call): boolean {
  if (type === 'query' || path === 'auth.refresh') return true
  return typeof (input as { idempotencyKey?: unknown } | undefined)?.idempotencyKey === 'string'
}

/** Milliseconds before try `attempt + 1`, jittered; null where another try cannot help. */
export function retryWaitMs(error: XmError, attempt: number): number | null {
  if (error.code === 'network.aborted') return null
  if (error.kind !== 'network' && error.kind !== 'unavailable' && error.kind !== 'rate_limited') return null
  const asked = error.retryAfterMs
  if (asked === null) return error.kind === 'rate_limited' ? null : backoffMs(attempt, firstWaitMs, waitMaxMs)
  // Spread over another tenth, so that those told the same do not return at the same moment.
  return asked > retryAfterMaxMs ? null : asked * (1 + Math.random() / 10)
}

/** Exponential, with the upper half at random. */
export function backoffMs(attempt: number, firstMs: number, maxMs: number): number {
  return Math.min(maxMs, firstMs * 2 ** attempt) * (0.5 + Math.random() / 2)
}

/** Resolves after `ms`; rejects with `network.aborted`. */
export function pause(ms: number, signal: AbortSignalLike | undefined): Promise<void> {
  return interruptible<void>(signal, (resolve) => {
    const timer = setTimeout(resolve, ms)
    return () => clearTimeout(timer)
  })
}

/** One try: ends with the work, with `network.timeout` after `timeoutMs`, or with `network.aborted`. */
export function attempt<T>(
  timeoutMs: number,
  signal: AbortSignalLike | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return interruptible<T>(signal, (resolve, reject) => {
    const inner = new AbortController()
    const late = () => reject(networkError('network.timeout', `No answer within ${timeoutMs} ms`))
    const timer = setTimeout(late, timeoutMs)
    work(inner.signal).then(resolve, reject)
    return () => {
      clearTimeout(timer)
      // Frees the request where it was left behind; a settled one does not notice.
      inner.abort()
    }
  })
}

async function interruptible<T>(
  signal: AbortSignalLike | undefined,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
): Promise<T> {
  let release = () => {}
  let giveUp = () => {}
  try {
    return await new Promise<T>((resolve, reject) => {
      giveUp = () => reject(networkError('network.aborted', 'The call was given up'))
      if (signal?.aborted) return giveUp()
      signal?.addEventListener('abort', giveUp)
      release = start(resolve, reject)
    })
  } finally {
    signal?.removeEventListener('abort', giveUp)
    release()
  }
}
