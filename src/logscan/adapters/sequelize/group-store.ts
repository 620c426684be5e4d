import type { Clock } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Tx } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { GroupWrites, MoveBy } from '../../app/ports.ts'
import { stateMoved } from '../../domain/group/group-status.ts'
import { letOut, takeIn } from './group-merges.ts'
import { type GroupStateRow, groupStateColumns, toGroupState } from './group-rows.ts'
import { groupPatternsMax, type LogModels, reasonMaxLength } from './models.ts'
import { bounded } from './row-text.ts'

interface GroupWritesDeps {
  readonly models: LogModels
  readonly clock: Clock
  readonly ids: Ids
}

export function groupWrites(tx: Tx, { models, clock, ids }: GroupWritesDeps): GroupWrites {
  const lock = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''

  /** Writes into the history of groups what was done to them, with what staff said of it. */
  async function tell(groups: readonly string[], what: string, { actor, reason }: Omit<MoveBy, 'rowVersion'>) {
    const rows = await tx.select<{ id: string; status: string }>(
      'SELECT id, status FROM log_groups WHERE id IN (:groups) ORDER BY id',
      { groups },
    )
    const said = bounded(reason === '' ? what : `${what}: ${reason}`, reasonMaxLength)
    const atMs = clock.now().getTime()
    const changes = rows.map(({ id: groupId, status }) => {
      return { id: ids.next(), groupId, atMs, fromStatus: status, toStatus: status, reason: said, actor }
    })
    await insertRows(tx, models.groupChanges, changes)
  }

  return {
    async lockAll(ids) {
      const rows = await tx.select<{ id: string; row_version: number; merged_into: string | null }>(
        `SELECT id, row_version, merged_into FROM log_groups WHERE id IN (:ids) ORDER BY id ${lock}`,
        { ids },
      )
      return rows.map(({ id, row_version, merged_into }) => ({ id, version: row_version, mergedInto: merged_into }))
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

    async merge(into, groups, by) {
      const members = await takeIn(tx, into, groups, groupPatternsMax)
      await tell(groups, `merged into ${into}`, by)
      await tell([into], `merged with ${groups.join(', ')}`, by)
      return members
    },

    async mergedInto(id) {
      const [row] = await tx.select<{ merged_into: string | null }>(
        'SELECT merged_into FROM log_groups WHERE id = :id',
        { id },
      )
      return row?.merged_into
    },

    async split(id, from, by) {
      await tx.select(`SELECT id FROM log_groups WHERE id IN (:ids) ORDER BY id ${lock}`, { ids: [id, from] })
      if (!(await letOut(tx, id, from, clock.now().getTime()))) return false
      await tell([id], `split from ${from}`, by)
      await tell([from], `split off ${id}`, by)
      return true
    },
  }
}
