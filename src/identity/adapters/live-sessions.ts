import { performance } from 'node:perf_hooks'
import { LRUCache } from 'lru-cache'
import type { LiveSessions } from '../app/ports.ts'
import type { SessionOwner, SessionReader } from '../app/store-port.ts'

const sessionsMax = 50_000
/** A session that was ended elsewhere is refused here after this at the latest. */
const ttlMs = 500

interface Look {
  readonly startedMs: number
  readonly found: Promise<SessionOwner | null>
}

/** One query per session and half second, however many calls come in; the age counts from before the query. */
export function createLiveSessions(
  sessions: Pick<SessionReader, 'find'>,
  monotonicMs: () => number = () => performance.now(),
): LiveSessions {
  const looks = new LRUCache<string, Look>({ max: sessionsMax })

  function look(sessionId: string): Look {
    const begun = { startedMs: monotonicMs(), found: sessions.find(sessionId) }
    looks.set(sessionId, begun)
    begun.found.catch(() => {
      if (looks.peek(sessionId) === begun) looks.delete(sessionId)
    })
    return begun
  }

  return {
    find(sessionId) {
      const known = looks.get(sessionId)
      const fresh = known !== undefined && monotonicMs() - known.startedMs < ttlMs
      return (fresh ? known : look(sessionId)).found
    },
    forget(sessionIds) {
      for (const id of sessionIds) looks.delete(id)
    },
  }
}
