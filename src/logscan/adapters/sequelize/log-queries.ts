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

/** Counts, single groups, and the retention of lines. */
export function createLogQueries(database: Database) {
  /** Rows whose time lies before that, the oldest first; as many as `atMostRows` say that there may be more. */
  const removeOldest = (table: string, time: string) => (olderThanMs: number, atMostRows: number) =>
    database.transaction((tx) => {
      const oldest = `FROM ${table} WHERE ${time} < :olderThanMs ORDER BY ${time} LIMIT :atMostRows`
      // Only MySQL can delete in order.
      const sql =
        tx.dialect === 'mysql' ? `DELETE ${oldest}` : `DELETE FROM ${table} WHERE rowid IN (SELECT rowid ${oldest})`
      return tx.change(sql, { olderThanMs, atMostRows })
    })

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

    /** Removes lines that were seen before that time, and returns how many; what was counted of them stays. */
    pruneEvents: removeOldest('log_events', 'seen_at_ms'),
    /** The same for the counts by minute; those by hour stay. */
    pruneMinutes: removeOldest('log_minutes', 'bucket_ms'),
  }
}

interface ChangeRow {
  at_ms: Int64
  from_status: GroupStatus
  to_status: GroupStatus
  reason: string
  actor: string | null
}
