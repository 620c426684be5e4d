import type { Clock } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Database } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import { type GroupMove, stateMoved } from '../../domain/group/group-status.ts'
import { type GroupStateRow, groupStateColumns, toGroupState } from './group-rows.ts'
import { defineLogModels, reasonMaxLength } from './models.ts'
import { bounded } from './row-text.ts'

export interface MoveBy {
  /** `staff:<id>` */
  readonly actor: string
  readonly reason: string
  /** What they saw when they decided. */
  readonly rowVersion: number
}

export interface GroupStore {
  /** False if the group is not there, or its status or assignee has changed since. */
  move(group: string, move: GroupMove, by: MoveBy): Promise<boolean>
}

interface GroupStoreDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
}

export function createGroupStore({ database, clock, ids }: GroupStoreDeps): GroupStore {
  const models = defineLogModels(database.sequelize)
  return {
    move: (group, move, { actor, reason, rowVersion }) =>
      database.transaction(async (tx) => {
        const lock = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''
        const [row] = await tx.select<GroupStateRow>(
          `SELECT ${groupStateColumns} FROM log_groups WHERE id = :group AND row_version = :rowVersion ${lock}`,
          { group, rowVersion },
        )
        if (row === undefined) return false
        const nowMs = clock.now().getTime()
        const { status, since, ignoredUntil, ignoredUntilCount } = stateMoved(
          toGroupState(row),
          move,
          Number(row.count),
          nowMs,
        )
        await tx.change(
          `UPDATE log_groups SET status = :status, status_since_ms = :since, ignored_until_ms = :ignoredUntil,
             ignored_until_count = :ignoredUntilCount, row_version = row_version + 1
           WHERE id = :group`,
          { group, status, since, ignoredUntil, ignoredUntilCount },
        )
        const change = { fromStatus: row.status, toStatus: status, reason: bounded(reason, reasonMaxLength), actor }
        await insertRows(tx, models.groupChanges, [{ id: ids.next(), groupId: group, atMs: nowMs, ...change }])
        return true
      }),
  }
}
