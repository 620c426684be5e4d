import { isXmError, type XmError } from '../errors.ts'
import { guarded, type Subscription, subscription } from '../subscription.ts'
import type { Connection } from './connection.ts'
import type { LogHandlers } from './surface.ts'

/** Hears of the logs for as long as anybody here wants to; asks anew after every interruption. */
export function createLogWatch(connection: Connection) {
  const all = new Set<LogHandlers>()

  connection.statuses.add((status) => {
    if (status === 'connected' && all.size > 0) void ask()
  })
  connection.on('logs:event', (line) => tell(({ onLine }) => onLine?.(line)))
  connection.on('logs:group', (news) => tell(({ onGroup }) => onGroup?.(news)))
  connection.on('logs:source', (state) => tell(({ onSource }) => onSource?.(state)))

  function tell(what: (handlers: LogHandlers) => void): void {
    for (const handlers of [...all]) guarded(() => what(handlers))
  }

  async function ask(): Promise<void> {
    try {
      await connection.request('logs:subscribe', {})
    } catch (error) {
      // An interruption is no error: after it, it is asked for anew.
      if (isXmError(error) && error.kind !== 'network') fail(error)
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
