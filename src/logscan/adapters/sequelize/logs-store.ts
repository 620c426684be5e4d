import type { Clock } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Audit } from '../../../platform/audit.ts'
import type { Database, Tx } from '../../../platform/database/database.ts'
import type { GroupWrites, LogsStore } from '../../app/ports.ts'
import { createGroupStore } from './group-store.ts'
import { lineReads } from './line-reads.ts'
import { patternReads, patternWrites } from './pattern-store.ts'
import { defineSettingModels } from './setting-models.ts'
import { sourceReads, sourceWrites } from './source-store.ts'

interface LogsStoreDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly audit: Audit
}

export function createLogsStore({ database, clock, ids, audit }: LogsStoreDeps): LogsStore {
  const models = defineSettingModels(database.sequelize)

  function groupWrites(tx: Tx): GroupWrites {
    // It opens transactions of its own; here it joins the one that also writes the audit.
    const joined: Database = { ...database, transaction: (work) => work(tx) }
    const { move } = createGroupStore({ database: joined, clock, ids })
    return {
      move,
      async lock(id) {
        const lock = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''
        const [row] = await tx.select<{ row_version: number }>(
          `SELECT row_version FROM log_groups WHERE id = :id ${lock}`,
          { id },
        )
        return row?.row_version ?? null
      },
      async assign(id, assignee) {
        await tx.change('UPDATE log_groups SET assignee = :assignee, row_version = row_version + 1 WHERE id = :id', {
          id,
          assignee,
        })
      },
    }
  }

  return {
    transaction: (work) =>
      database.transaction((tx) =>
        work({
          groups: groupWrites(tx),
          patterns: patternWrites(tx, models, clock),
          sources: sourceWrites(tx, models),
          audit: (entries) => audit.record(tx, entries),
        }),
      ),
    patterns: patternReads(database),
    sources: sourceReads(database),
    lines: lineReads(database),
  }
}
