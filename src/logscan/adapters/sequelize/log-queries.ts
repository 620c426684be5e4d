import type { Int64 } from '../../../platform/database/columns.ts'
import type { Database } from '../../../platform/database/database.ts'
import type { GroupStatus, StatusReason } from '../../domain/group/group-status.ts'
import { countQueries } from './count-queries.ts'
import { groupMembers } from './group-merges.ts'
import { type GroupRow, type LogGroup, selectGroups, toGroup } from './group-rows.ts'

export interface GroupHistoryEntry {
  readonly at: number
  readonly from: GroupStatus
  readonly to: GroupStatus
  /** One of ours, or what staff said. */
  readonly reason: StatusReason | (string & {})
  readonly actor: string | null
}

export type LogQueries = ReturnType<typeof createLogQueries>

/** Counts, and single groups. */
export function createLogQueries(database: Database) {
  return {
    ...countQueries(database),

    async group(id: string): Promise<LogGroup | null> {
      const [row] = await database.select<GroupRow>(`${selectGroups} WHERE id = :id`, { id })
      return row === undefined ? null : toGroup(row)
    },

    members: (group: string) => groupMembers(database, group),

    /** The newest changes of a group's status, newest first. */
    async history(group: string, limit: number): Promise<GroupHistoryEntry[]> {
      const rows = await database.select<ChangeRow>(
        `SELECT at_ms, from_status, to_status, reason, actor FROM log_group_changes
         WHERE group_id = :group ORDER BY id DESC LIMIT :limit`,
        { group, limit },
      )
      return rows.map(({ at_ms, from_status, to_status, reason, actor }) => ({
        at: Number(at_ms),
        from: from_status,
        to: to_status,
        reason,
        actor,
      }))
    },
  }
}

interface ChangeRow {
  at_ms: Int64
  from_status: GroupStatus
  to_status: GroupStatus
  reason: string
  actor: string | null
}
