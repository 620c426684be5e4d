import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { type FollowPlan, type FollowSource, SourceRunner } from '../logscan/adapters/follow/source-runner.ts'
import type { createLogFeed } from '../logscan/adapters/realtime/log-feed.ts'
import { createMatchStore } from '../logscan/adapters/sequelize/match-store.ts'
import { startLoop } from '../platform/lifecycle.ts'
import type { Realtime } from '../platform/realtime.ts'
import type { Resources } from '../platform/resources.ts'
import type { Platform } from './open-platform.ts'

interface FollowLogsDeps {
  readonly platform: Platform
  readonly realtime: Realtime
  readonly feed: ReturnType<typeof createLogFeed>
  /** What staff wants followed, and looked for. */
  plan(): Promise<FollowPlan>
}

/** The least time between two looks at everything that events ask for. */
const againMs = 250
/** Where the files stand that the configuration names. */
const configSource = 'config'

/** Follows log files on this machine, stores what is found, and tells who listens. */
export function followLogs({ platform, realtime, feed, plan }: FollowLogsDeps, resources: Resources): void {
  const { config, database, clock, ids, log, metrics } = platform
  const store = createMatchStore({
    ...{ database, clock, ids },
    textsPerGroupAndMinute: config.LOG_TEXTS_PER_GROUP_AND_MINUTE,
    endedForMs: config.LOG_ENDED_TEXTS_RETENTION_MS,
    onGroups: (news) => {
      for (const { group, kind, level, title, count } of news)
        feed.group(realtime, { group, news: kind, level, title, count })
    },
  })
  const runner = new SourceRunner({
    store,
    options: {
      jobs: config.LOG_JOBS,
      openFilesMax: config.LOG_OPEN_FILES_MAX,
      limits: {
        ...{ stepBytes: config.LOG_STEP_BYTES, endedMax: config.LOG_ENDED_TEXTS_MAX },
        ...{ drainMs: config.LOG_DRAIN_MS, retryMs: config.LOG_RETRY_MS },
      },
      times: { everyMs: config.LOG_LOOK_MS, settleMs: config.LOG_SETTLE_MS, againMs },
      atEnd: false,
    },
    async plan() {
      const wanted = await plan()
      return { ...wanted, sources: [...configured(config.LOG_SOURCES), ...wanted.sources] }
    },
    node: config.LOG_NODE ?? hostname(),
    newId: () => ids.next(),
    now: () => clock.now().getTime(),
    wait: (ms) => wait(ms),
    found(source, path, lines) {
      metrics.logLines.inc({ source }, lines.length)
      feed.lines(realtime, source, path, lines)
    },
    problem: (source, path, problem) => log.warn({ source, path, problem }, 'a followed file has a problem'),
  })
  const lag = () => runner.files.reduce((sum, { size, offset }) => sum + Math.max(0, size - offset), 0)
  metrics.observe('xm_log_files', 'Log files that this process follows', () => runner.files.length)
  metrics.observe('xm_log_open_files', 'Followed files that are open', () => runner.openFiles)
  metrics.observe('xm_log_lag_bytes', 'Bytes of followed files that were not read yet', lag)

  resources.use(runner)
  const told = new Map<string, string>()
  async function refresh(): Promise<void> {
    await runner.refresh()
    for (const state of statesOf(runner.files)) {
      const shown = JSON.stringify(state)
      if (told.get(state.source) === shown) continue
      told.set(state.source, shown)
      feed.source(realtime, state)
    }
  }
  resources.use(startLoop({ name: 'log sources', intervalMs: config.LOG_REFRESH_MS, work: refresh, log }))
}

function configured(names: readonly string[]): readonly FollowSource[] {
  return names.length === 0 ? [] : [{ id: configSource, names }]
}

function statesOf(files: SourceRunner['files']) {
  const states = new Map<string, { source: string; files: number; lagBytes: number; readBytes: number }>()
  for (const { source, size, offset } of files) {
    const state = states.get(source) ?? { source, files: 0, lagBytes: 0, readBytes: 0 }
    states.set(source, {
      source,
      files: state.files + 1,
      lagBytes: state.lagBytes + Math.max(0, size - offset),
      readBytes: state.readBytes + offset,
    })
  }
  return states.values()
}
