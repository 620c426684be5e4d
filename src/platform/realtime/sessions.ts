import { type Loop, startLoop } from '../lifecycle.ts'
import type { Logger } from '../log.ts'
import type { GatewaySocket } from './sockets.ts'

/** The sockets of this node by session. */
export interface LocalSessions extends AsyncDisposable {
  /** Returns the sockets that are too many now, oldest first. */
  add(socket: GatewaySocket): GatewaySocket[]
  remove(socket: GatewaySocket): void
  socketsOf(sessionId: string): readonly GatewaySocket[]
}

interface LocalSessionsDeps {
  readonly socketsPerSessionMax: number
  readonly isSessionLive: (sessionId: string) => Promise<boolean>
  readonly ended: (sessionId: string) => void
  readonly log: Logger
}

interface Session {
  readonly sockets: Set<GatewaySocket>
  checkedAtMs: number
}

const checkIntervalMs = 1_000
/** A session is asked about no more often than this. */
const checkAgeMs = 4_000
const checkBatchMax = 500
const checksAtOnceMax = 25

/**
 * Keeps track, and asks whether the sessions still live, so that one whose end was not heard of ends all the same: at once
 * for a new socket, which was admitted by a look from before it could hear of an end; and again and again, for an event
 * that was lost. While that cannot be told, the sockets stay.
 */
export function trackSessions({ socketsPerSessionMax, isSessionLive, ended, log }: LocalSessionsDeps): LocalSessions {
  /** The one asked about longest ago comes first. */
  const sessions = new Map<string, Session>()
  /** Those with a new socket. */
  const joined = new Set<string>()
  const loop: Loop = startLoop({ name: 'socket sessions', intervalMs: checkIntervalMs, work: checkDue, log })

  /** Returns true when more may be due. */
  async function checkDue(signal: AbortSignal): Promise<boolean> {
    const due = takeDue(performance.now())
    for (let from = 0; from < due.length && !signal.aborted; from += checksAtOnceMax) {
      await Promise.all(due.slice(from, from + checksAtOnceMax).map(check))
    }
    return due.length === checkBatchMax
  }

  function takeDue(nowMs: number): string[] {
    const due = new Set<string>()
    for (const sessionId of joined) {
      if (due.size === checkBatchMax) break
      joined.delete(sessionId)
      due.add(sessionId)
    }
    for (const [sessionId, session] of sessions) {
      if (due.size === checkBatchMax || nowMs - session.checkedAtMs < checkAgeMs) break
      due.add(sessionId)
    }
    for (const sessionId of due) moveToEnd(sessionId, nowMs)
    return [...due]
  }

  function moveToEnd(sessionId: string, nowMs: number): void {
    const session = sessions.get(sessionId)
    if (session === undefined) return
    session.checkedAtMs = nowMs
    sessions.delete(sessionId)
    sessions.set(sessionId, session)
  }

  async function check(sessionId: string): Promise<void> {
    if (!(await isSessionLive(sessionId))) ended(sessionId)
  }

  return {
    add(socket) {
      const { sessionId } = socket.data.actor
      const session = sessions.get(sessionId) ?? { sockets: new Set(), checkedAtMs: performance.now() }
      sessions.set(sessionId, session)
      session.sockets.add(socket)
      joined.add(sessionId)
      loop.wake()
      return [...session.sockets].slice(0, Math.max(0, session.sockets.size - socketsPerSessionMax))
    },
    remove(socket) {
      const { sessionId } = socket.data.actor
      const session = sessions.get(sessionId)
      session?.sockets.delete(socket)
      if (session?.sockets.size !== 0) return
      sessions.delete(sessionId)
      joined.delete(sessionId)
    },
    socketsOf: (sessionId) => [...(sessions.get(sessionId)?.sockets ?? [])],
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  }
}
