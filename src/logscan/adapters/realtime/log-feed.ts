import type { ServerEvents } from '#contract'
import type { Clock } from '../../../kernel/clock.ts'
import { DomainError } from '../../../kernel/errors.ts'
import type { CallHandlers, Realtime } from '../../../platform/realtime.ts'
import type { LogAlert } from '../../app/alert-ports.ts'
import type { FoundLine } from '../../app/match-store.ts'
import type { LogScan } from '../../app/scan-ports.ts'
import type { FollowerSign } from '../sequelize/follower-claims.ts'
import { readingRoles } from '../trpc/access.ts'
import { viewAlert } from '../trpc/alert-views.ts'
import { viewScan } from '../trpc/scan-views.ts'

const logRoom = 'logs'
const textMaxLength = 1000
const readers: ReadonlySet<string> = new Set(['admin', ...readingRoles])

interface LogFeedDeps {
  readonly clock: Clock
  /** Lines that are told in a second at most; the others are counted only. */
  readonly linesPerSecond: number
  followerSigns(): Promise<readonly FollowerSign[]>
}

/** Who hears what of the logs: staff that asked for it. */
export function createLogFeed({ clock, linesPerSecond, followerSigns }: LogFeedDeps) {
  let second = 0
  let told = 0

  const handlers: Pick<CallHandlers, 'logs:subscribe' | 'logs:unsubscribe'> = {
    async 'logs:subscribe'({ actor, socket }) {
      if (!actor.roles.some((role) => readers.has(role)))
        throw new DomainError('auth.forbidden', 'forbidden', { roles: [...readers] })
      socket.join(logRoom)
      // Whoever listens already misses nothing that comes while this is read.
      const serverTime = clock.now().toISOString()
      const held = (await followerSigns()).filter(({ isHeld }) => isHeld)
      const sources = held.map(({ source, node, files, lagBytes, readBytes }) => {
        return { source, node, files, lagBytes, readBytes, serverTime }
      })
      return { sources, serverTime }
    },

    async 'logs:unsubscribe'({ socket }) {
      socket.leave(logRoom)
      return {}
    },
  }

  return {
    handlers,

    lines(realtime: Realtime, source: string, path: string, lines: readonly FoundLine[]): void {
      const now = Math.floor(clock.now().getTime() / 1000)
      if (now !== second) [second, told] = [now, 0]
      for (const { line, level, time, patterns, group, text } of lines.slice(0, linesPerSecond - told)) {
        told++
        realtime.emit(logRoom, 'logs:event', {
          ...{ source, path, line, level, patterns: [...patterns], group, text: text.slice(0, textMaxLength) },
          time: time === null ? null : new Date(time).toISOString(),
        })
      }
    },

    group(realtime: Realtime, news: ServerEvents['logs:group']): void {
      realtime.emit(logRoom, 'logs:group', news)
    },

    scan(realtime: Realtime, scan: LogScan): void {
      realtime.emit(logRoom, 'logs:scan', viewScan(scan))
    },

    alert(realtime: Realtime, alert: LogAlert): void {
      realtime.emit(logRoom, 'logs:alert', viewAlert(alert))
    },

    /** The next one tells all of it. */
    source(realtime: Realtime, state: Omit<ServerEvents['logs:source'], 'serverTime'>): void {
      realtime.emit(logRoom, 'logs:source', { ...state, serverTime: clock.now().toISOString() })
    },
  }
}
