import type { Clock } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Tx } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { GroupWrites } from '../../app/ports.ts'
import { stateMoved } from '../../domain/group/group-status.ts'
import { type GroupStateRow, groupStateColumns, toGroupState } from './group-rows.ts'
import { type LogModels, reasonMaxLength } from './models.ts'
import { bounded } from './row-text.ts'

interface GroupWritesDeps {
  readonly models: LogModels
  readonly clock: Clock
  readonly ids: Ids
}

export function groupWrites(tx: Tx, { models, clock, ids }: GroupWritesDeps): GroupWrites {
  const lock = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''
  return {
    async lock(id) {
      const [row] = await tx.select<{ row_version: number }>(
        `SELECT row_version FROM log_groups WHERE id = :id ${lock}`,
        { id },
      )
      return row?.row_version ?? null
    },

    async move(group, move, { actor, reason, rowVersion }) {
      const [row] = await tx.select<GroupStateRow>(
        `SELECT ${groupStateColumns} FROM log_groups WHERE id = :group AND row_version = :rowVersion ${lock}`,
        { group, rowVersion },
      )
      if (row === undefined) return false
      const nowMs = clock.now().getTime()
      const state = stateMoved(toGroupState(row), move, Number(row.count), nowMs)
      const { status, since, ignoredUntil, ignoredUntilCount } = state
      await tx.change(
        `UPDATE log_groups SET status = :status, status_since_ms = :since, ignored_until_ms = :ignoredUntil,
           ignored_until_count = :ignoredUntilCount, row_version = row_version + 1
         WHERE id = :group`,
        { group, status, since, ignoredUntil, ignoredUntilCount },
      )
      const change = { fromStatus: row.status, toStatus: status, reason: bounded(reason, reasonMaxLength), actor }
      await insertRows(tx, models.groupChanges, [{ id: ids.next(), groupId: group, atMs: nowMs, ...change }])
      return true
    },

    async assign(id, assignee) {
      await tx.change('UPDATE log_groups SET assignee = :assignee, row_version = row_version + 1 WHERE id = :id', {
        id,
        assignee,
      })
    },
  }
}
