import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { type FollowPlan, type FollowSource, SourceRunner } from '../logscan/adapters/follow/source-runner.ts'
import type { createLogFeed } from '../logscan/adapters/realtime/log-feed.ts'
import { createFollowerClaims } from '../logscan/adapters/sequelize/follower-claims.ts'
import type { GroupNews } from '../logscan/adapters/sequelize/group-counts.ts'
import { createMatchStore } from '../logscan/adapters/sequelize/match-store.ts'
import { configSource } from '../logscan/app/current-sources.ts'
import type { Holder } from '../logscan/app/follower-claims.ts'
import { isReadable, type ReadablePaths } from '../logscan/domain/follow/readable-paths.ts'
import { startLoop } from '../platform/lifecycle.ts'
import type { Realtime } from '../platform/realtime.ts'
import type { Resources } from '../platform/resources.ts'
import type { Platform } from './open-platform.ts'

export type GroupTold = (news: readonly GroupNews[]) => void

interface FollowLogsDeps {
  readonly platform: Platform
  readonly realtime: Realtime
  readonly feed: ReturnType<typeof createLogFeed>
  readonly readable: ReadablePaths
  /** Hears what became of groups, once it is kept. */
  readonly onGroups: GroupTold
  /** What staff wants followed, and looked for. */
  plan(): Promise<FollowPlan>
}

/** The least time between two looks at everything that events ask for. */
const againMs = 250

/** Follows log files on this machine, stores what is found, and tells who listens. */
export function followLogs(
  { platform, realtime, feed, readable, onGroups, plan }: FollowLogsDeps,
  resources: Resources,
): void {
  const { config, database, clock, ids, log, metrics } = platform
  const node = config.LOG_NODE ?? hostname()
  const storeFor = (holder: Holder) =>
    createMatchStore({
      ...{ database, clock, ids, holder, onGroups },
      textsPerGroupAndMinute: config.LOG_TEXTS_PER_GROUP_AND_MINUTE,
      endedForMs: config.LOG_ENDED_TEXTS_RETENTION_MS,
    })
  const runner = new SourceRunner({
    store: { claims: createFollowerClaims(database, clock), claimMs: config.LOG_CLAIM_MS, storeFor },
    options: {
      jobs: config.LOG_JOBS,
      openFilesMax: config.LOG_OPEN_FILES_MAX,
      limits: {
        ...{ stepBytes: config.LOG_STEP_BYTES, endedMax: config.LOG_ENDED_TEXTS_MAX },
        ...{ unpackedMax: config.LOG_UNPACKED_MAX_BYTES },
        ...{ drainMs: config.LOG_DRAIN_MS, retryMs: config.LOG_RETRY_MS },
      },
      times: { everyMs: config.LOG_LOOK_MS, settleMs: config.LOG_SETTLE_MS, againMs },
      atEnd: false,
    },
    async plan() {
      const wanted = await plan()
      return { ...wanted, sources: [...configured(config.LOG_SOURCES), ...wanted.sources] }
    },
    node,
    // Who writes the configuration may read what the process may.
    mayRead: (source, path) => source === configSource || isReadable(path, readable),
    newId: () => ids.next(),
    now: () => clock.now().getTime(),
    wait: (ms) => wait(ms),
    found(source, path, lines) {
      metrics.logLines.inc({ source }, lines.length)
      feed.lines(realtime, source, path, lines)
    },
    problem: (source, path, problem) => log.warn({ source, path, problem }, 'a followed file has a problem'),
  })
  const total = (what: 'files' | 'lagBytes') => runner.states.reduce((sum, state) => sum + state[what], 0)
  metrics.observe('xm_log_files', 'Log files that this process follows', () => total('files'))
  metrics.observe('xm_log_open_files', 'Followed files that are open', () => runner.openFiles)
  metrics.observe('xm_log_lag_bytes', 'Bytes of followed files that were not read yet', () => total('lagBytes'))

  resources.use(runner)
  const told = new Map<string, string>()
  async function refresh(): Promise<void> {
    await runner.refresh()
    for (const { source, files, lagBytes, readBytes } of runner.states) {
      const state = { source, node, files, lagBytes, readBytes }
      const shown = JSON.stringify(state)
      if (told.get(source) === shown) continue
      told.set(source, shown)
      feed.source(realtime, state)
    }
  }
  resources.use(startLoop({ name: 'log sources', intervalMs: config.LOG_REFRESH_MS, work: refresh, log }))
}

function configured(names: readonly string[]): readonly FollowSource[] {
  return names.length === 0 ? [] : [{ id: configSource, names }]
}
