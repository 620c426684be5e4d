import { hostname } from 'node:os'
import { endHolder, newHolder } from '../logscan/adapters/follow/process-holder.ts'
import type { ScanPatterns } from '../logscan/adapters/scan-runs/run-scan.ts'
import { takeUpScans } from '../logscan/adapters/scan-runs/scan-loop.ts'
import { createMatchStore } from '../logscan/adapters/sequelize/match-store.ts'
import { createScanQueue, knownTexts } from '../logscan/adapters/sequelize/scan-store.ts'
import type { LogScan } from '../logscan/app/scan-ports.ts'
import { isReadable, type ReadablePaths } from '../logscan/domain/follow/readable-paths.ts'
import { startLoop } from '../platform/lifecycle.ts'
import type { Resources } from '../platform/resources.ts'
import type { GroupTold } from './follow-logs.ts'
import type { Platform } from './open-platform.ts'

interface TakeUpScans {
  readonly platform: Platform
  readonly readable: ReadablePaths
  readonly onGroups: GroupTold
  patterns(): Promise<ScanPatterns>
  tell(scan: LogScan): void
}

/** Does the scans that staff start, one after the other, with the files of this machine. */
export function startScans({ platform, readable, onGroups, patterns, tell }: TakeUpScans, resources: Resources): void {
  const { config, database, clock, ids, log } = platform
  const holder = newHolder()
  resources.defer(async () => endHolder(holder))
  const work = takeUpScans({
    queue: createScanQueue(database, clock),
    ...{ holder, patterns, tell, tellMs: config.LOG_SCAN_TELL_MS },
    run: {
      store: createMatchStore({
        ...{ database, clock, ids, onGroups },
        textsPerGroupAndMinute: config.LOG_TEXTS_PER_GROUP_AND_MINUTE,
        endedForMs: config.LOG_ENDED_TEXTS_RETENTION_MS,
      }),
      known: knownTexts(database),
      node: config.LOG_NODE ?? hostname(),
      jobs: config.LOG_SCAN_JOBS,
      filesMax: config.LOG_SCAN_FILES_MAX,
      mayRead: (path) => isReadable(path, readable),
      newId: () => ids.next(),
      now: () => clock.now().getTime(),
    },
  })
  resources.use(startLoop({ name: 'log scans', intervalMs: config.LOG_SCAN_POLL_MS, work, log }))
}
