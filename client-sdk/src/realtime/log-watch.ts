import { isXmError, type XmError } from '../errors.ts'
import { guarded, type Subscription, subscription } from '../subscription.ts'
import type { Connection } from './connection.ts'
import type { LogHandlers } from './surface.ts'

const askAgainMs = 2000

/** Hears of the logs for as long as anybody here wants to; asks anew after every interruption. */
export function createLogWatch(connection: Connection) {
  const all = new Set<LogHandlers>()

  connection.statuses.add((status) => {
    if (status === 'connected' && all.size > 0) void ask()
  })
  connection.failures.add(fail)
  connection.on('logs:event', (line) => tell(({ onLine }) => onLine?.(line)))
  connection.on('logs:group', (news) => tell(({ onGroup }) => onGroup?.(news)))
  connection.on('logs:alert', (alert) => tell(({ onAlert }) => onAlert?.(alert)))
  connection.on('logs:scan', (scan) => tell(({ onScan }) => onScan?.(scan)))
  connection.on('logs:source', (state) => tell(({ onSource }) => onSource?.(state)))

  function tell(what: (handlers: LogHandlers) => void): void {
    for (const handlers of [...all]) guarded(() => what(handlers))
  }

  async function ask(): Promise<void> {
    while (all.size > 0 && connection.status === 'connected') {
      try {
        const { sources } = await connection.request('logs:subscribe', {})
        for (const state of sources) tell(({ onSource }) => onSource?.(state))
        return
      } catch (error) {
        if (!isXmError(error)) throw error
        if (error.kind === 'forbidden' || error.kind === 'unauthenticated') return fail(error)
        // A lost answer, or a server that is busy: it is asked again, after an interruption anyway.
        await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs ?? askAgainMs))
      }
    }
  }

  function fail(error: XmError): void {
    tell(({ onError }) => onError?.(error))
  }

  return {
    add(handlers: LogHandlers): Subscription {
      const entry = { ...handlers }
      all.add(entry)
      const hold = connection.hold()
      if (connection.status === 'connected') void ask()
      return subscription(() => {
        all.delete(entry)
        if (all.size === 0 && connection.status === 'connected')
          connection.request('logs:unsubscribe', {}).catch(() => {})
        hold.stop()
      })
    },
  }
}
