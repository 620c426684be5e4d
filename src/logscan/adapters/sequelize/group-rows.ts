import type { Int64 } from '../../../platform/database/columns.ts'
import type { GroupState, GroupStatus } from '../../domain/group/group-status.ts'
import type { Level } from '../../domain/log-pattern.ts'

export interface GroupStateRow {
  id: string
  status: GroupStatus
  status_since_ms: Int64
  ignored_until_ms: Int64 | null
  ignored_until_count: Int64 | null
  first_stored_at_ms: Int64
  count: Int64
}

export const groupStateColumns =
  'id, status, status_since_ms, ignored_until_ms, ignored_until_count, first_stored_at_ms, count'

const numberOrNull = (value: Int64 | null) => (value === null ? null : Number(value))

export function toGroupState(row: GroupStateRow): GroupState {
  return {
    status: row.status,
    since: Number(row.status_since_ms),
    firstStored: Number(row.first_stored_at_ms),
    ignoredUntil: numberOrNull(row.ignored_until_ms),
    ignoredUntilCount: numberOrNull(row.ignored_until_count),
  }
}

export interface LogGroup extends GroupState {
  readonly id: string
  readonly version: number
  readonly title: string
  readonly template: string
  readonly level: Level
  readonly assignee: string | null
  readonly count: number
  readonly firstSeen: number
  readonly lastSeen: number
  readonly patterns: readonly string[]
  readonly sample: string
  /** Changes with its status and assignee. */
  readonly rowVersion: number
  /** The group that counts its lines by now; null while it is one of its own. */
  readonly mergedInto: string | null
}

export interface GroupRow extends GroupStateRow {
  version: number
  title: string
  template: string
  level: Level
  assignee: string | null
  first_seen_ms: Int64
  last_seen_ms: Int64
  patterns: string
  sample: string
  row_version: number
  merged_into: string | null
}

export const selectGroups = `SELECT ${groupStateColumns}, version, title, template, level, assignee, first_seen_ms, last_seen_ms,
  patterns, sample, row_version, merged_into FROM log_groups`

export function toGroup(row: GroupRow): LogGroup {
  const { id, version, title, template, level, assignee, sample } = row
  return {
    ...{ id, version, title, template, level, assignee, sample },
    ...toGroupState(row),
    count: Number(row.count),
    firstSeen: Number(row.first_seen_ms),
    lastSeen: Number(row.last_seen_ms),
    patterns: JSON.parse(row.patterns),
    rowVersion: row.row_version,
    mergedInto: row.merged_into,
  }
}
