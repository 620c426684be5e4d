import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Clock } from '../kernel/clock.ts'
import type { Ids } from '../kernel/ids.ts'
import { readAround } from '../logscan/adapters/context/read-around.ts'
import type { FollowPlan } from '../logscan/adapters/follow/source-runner.ts'
import { matchText } from '../logscan/adapters/match/match-text.ts'
import { readPatternText } from '../logscan/adapters/patterns/pattern-text.ts'
import { createLogFeed } from '../logscan/adapters/realtime/log-feed.ts'
import { followerSigns } from '../logscan/adapters/sequelize/follower-claims.ts'
import { createLogLists } from '../logscan/adapters/sequelize/log-lists.ts'
import { createLogQueries } from '../logscan/adapters/sequelize/log-queries.ts'
import { createLogPruning } from '../logscan/adapters/sequelize/log-retention.ts'
import { createLogsStore } from '../logscan/adapters/sequelize/logs-store.ts'
import { findScan, scanPage } from '../logscan/adapters/sequelize/scan-store.ts'
import { sourceProgress } from '../logscan/adapters/sequelize/source-files.ts'
import { sourcePage } from '../logscan/adapters/sequelize/source-store.ts'
import { createLogRouter } from '../logscan/adapters/trpc/log-router.ts'
import { addSource } from '../logscan/app/add-source.ts'
import { assignGroup } from '../logscan/app/assign-group.ts'
import { changePatterns, type PatternLimits } from '../logscan/app/change-patterns.ts'
import { createPattern } from '../logscan/app/create-pattern.ts'
import { currentPatterns, readPatternSet } from '../logscan/app/current-patterns.ts'
import { currentSources } from '../logscan/app/current-sources.ts'
import { enablePattern } from '../logscan/app/enable-pattern.ts'
import { importPatterns } from '../logscan/app/import-patterns.ts'
import { mergeGroups, splitGroup } from '../logscan/app/merge-groups.ts'
import { moveGroup } from '../logscan/app/move-group.ts'
import { cancelScan, orderScan } from '../logscan/app/order-scan.ts'
import { pauseSource } from '../logscan/app/pause-source.ts'
import type { StaffDirectory } from '../logscan/app/ports.ts'
import { readContext } from '../logscan/app/read-context.ts'
import { readSpan } from '../logscan/app/read-span.ts'
import { removePattern } from '../logscan/app/remove-pattern.ts'
import { removeSource } from '../logscan/app/remove-source.ts'
import type { LogScan } from '../logscan/app/scan-ports.ts'
import { testPattern } from '../logscan/app/test-pattern.ts'
import { updatePattern } from '../logscan/app/update-pattern.ts'
import type { ReadablePaths } from '../logscan/domain/follow/readable-paths.ts'
import type { Audit } from '../platform/audit.ts'
import type { Config } from '../platform/config.ts'
import type { Database } from '../platform/database/database.ts'
import type { Logger } from '../platform/log.ts'
import type { Procedures } from '../platform/trpc.ts'
import type { WebhookSecrets } from '../platform/webhooks-out/webhook-secrets.ts'
import { buildAlerts } from './build-alerts.ts'

interface BuildLogscan {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly audit: Audit
  readonly config: Config
  readonly log: Logger
  readonly webhookSecrets: WebhookSecrets
  /** Pushes how a scan stands to whoever listens. */
  tellScan(scan: LogScan): void
  readonly directory: StaffDirectory & { handlesOf(userIds: readonly string[]): Promise<ReadonlyMap<string, string>> }
}

export type Logscan = ReturnType<typeof buildLogscan>

export function buildLogscan({
  database,
  clock,
  ids,
  audit,
  directory,
  config,
  log,
  webhookSecrets,
  tellScan,
}: BuildLogscan) {
  const store = createLogsStore({ database, clock, ids, audit })
  const queries = createLogQueries(database)
  const lists = createLogLists(database)
  const limits: PatternLimits = {
    patternsMax: config.LOG_PATTERNS_MAX,
    charsMax: config.LOG_PATTERNS_MAX_CHARS,
    stepsMax: config.LOG_PATTERNS_MAX_STEPS,
  }
  const change = changePatterns({ store, clock, limits })
  const patternsNow = currentPatterns({ store })
  const sourcesNow = currentSources({ store })

  const readable = readablePaths(config)
  const alerts = buildAlerts({ store, database, clock, ids, log, config, secrets: webhookSecrets })

  return {
    readable,
    patterns: patternsNow,
    alerts,
    prune: createLogPruning(database, {
      eventsMs: config.LOG_EVENT_RETENTION_MS,
      minutesMs: config.LOG_MINUTES_RETENTION_MS,
      hoursMs: config.LOG_HOURS_RETENTION_MS,
      alertsMs: config.LOG_ALERT_RETENTION_MS,
      endedMs: config.LOG_ENDED_TEXTS_RETENTION_MS,
    }),
    feed: createLogFeed({
      ...{ clock, linesPerSecond: config.LOG_LINES_TOLD_PER_SECOND },
      followerSigns: () => followerSigns(database, null),
    }),

    /** What staff want followed, and looked for: to be asked again every now and then. */
    async plan(): Promise<FollowPlan> {
      const [{ version, patterns }, sources] = await Promise.all([patternsNow(), sourcesNow()])
      const followed = sources.filter(({ isPaused }) => !isPaused)
      return {
        ...{ version, patterns },
        // Its lines are kept under its name.
        sources: followed.map(({ name, paths }) => ({ id: name, names: paths })),
      }
    },

    routerOf: (procedures: Procedures) =>
      createLogRouter(procedures, {
        groups: {
          ...{ lists, queries, directory },
          moveGroup: moveGroup({ store, clock }),
          assignGroup: assignGroup({ store, staff: directory }),
          mergeGroups: mergeGroups({ store, membersMax: config.LOG_GROUP_MEMBERS_MAX }),
          splitGroup: splitGroup({ store }),
        },
        events: { lists, readContext: readContext({ store, readAround }) },
        patterns: {
          readPatternSet: readPatternSet({ store }),
          createPattern: createPattern({ change }),
          updatePattern: updatePattern({ change }),
          enablePattern: enablePattern({ change }),
          removePattern: removePattern({ change }),
          stepsMax: limits.stepsMax,
          testPattern: testPattern({ matchText }),
          importPatterns: importPatterns({ change, readPatterns: readPatternText, limits }),
        },
        sources: {
          sourcePage: (page) => sourcePage(database, page),
          sourceProgress: (names) => sourceProgress(database, names),
          followerSigns: (names) => followerSigns(database, names),
          ...{ clock, claimMs: config.LOG_CLAIM_MS },
          addSource: addSource({ store, clock, ids, readable, sourcesMax: config.LOG_SOURCES_MAX }),
          pauseSource: pauseSource({ store }),
          removeSource: removeSource({ store }),
        },
        alerts: alerts.router,
        scans: {
          orderScan: orderScan({ store, clock, ids, readable, queuedMax: config.LOG_SCANS_QUEUED_MAX }),
          cancelScan: cancelScan({ store }),
          scanPage: (request) => scanPage(database, request),
          findScan: (id) => findScan(database, id),
          tell: tellScan,
        },
        counts: { ...queries, ...lists },
        readSpan: readSpan({ clock }),
      }),
  }
}

/** Where files lie that staff may have read: the product's own hold secrets. */
function readablePaths({ LOG_SOURCE_ROOTS, DATA_DIR }: Pick<Config, 'LOG_SOURCE_ROOTS' | 'DATA_DIR'>): ReadablePaths {
  const own = resolve(DATA_DIR)
  const real = existsSync(own) ? [realpathSync(own)] : []
  return { roots: LOG_SOURCE_ROOTS.map((root) => resolve(root)), excluded: [own, ...real, '/proc', '/sys', '/dev'] }
}
