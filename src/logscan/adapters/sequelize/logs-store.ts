import type { Clock } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Audit } from '../../../platform/audit.ts'
import type { Database } from '../../../platform/database/database.ts'
import type { LogsStore } from '../../app/ports.ts'
import { defineAlertModels } from './alert-models.ts'
import { alertRuleWrites } from './alert-rules.ts'
import { alertWrites } from './alert-store.ts'
import { groupWrites } from './group-store.ts'
import { lineReads } from './line-reads.ts'
import { defineLogModels } from './models.ts'
import { patternReads, patternWrites } from './pattern-store.ts'
import { defineScanModel, scanWrites } from './scan-store.ts'
import { defineSettingModels } from './setting-models.ts'
import { sourceReads, sourceWrites } from './source-store.ts'

interface LogsStoreDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly audit: Audit
}

export function createLogsStore({ database, clock, ids, audit }: LogsStoreDeps): LogsStore {
  const models = defineLogModels(database.sequelize)
  const alerts = defineAlertModels(database.sequelize)
  const scans = defineScanModel(database.sequelize)
  const settings = defineSettingModels(database.sequelize)
  return {
    transaction: (work) =>
      database.transaction((tx) =>
        work({
          groups: groupWrites(tx, { models, clock, ids }),
          patterns: patternWrites(tx, settings, clock),
          sources: sourceWrites(tx, settings),
          alertRules: alertRuleWrites(tx, alerts),
          scans: scanWrites(tx, scans),
          alerts: alertWrites(tx, { models: alerts, clock, ids }),
          audit: (entries) => audit.record(tx, entries),
        }),
      ),
    patterns: patternReads(database),
    sources: sourceReads(database),
    lines: lineReads(database),
  }
}
