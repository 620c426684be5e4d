import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import { lockGroup } from './lock-group.ts'
import type { LogsStore, StaffDirectory } from './ports.ts'
import { staffName } from './staff-name.ts'

export interface AssignGroupCommand {
  readonly id: string
  /** Id of a staff account; null for nobody. */
  readonly assignee: string | null
  readonly version: number | null
}

/** Says who looks after a group. Throws `logs.assignee_unknown`, `logs.group_not_found`, `logs.group_changed`. */
export function assignGroup({ store, staff }: { store: LogsStore; staff: StaffDirectory }) {
  return async (actor: Actor, { id, assignee, version }: AssignGroupCommand): Promise<void> => {
    if (assignee !== null && !(await staff.isStaff(assignee)))
      throw new DomainError('logs.assignee_unknown', 'invalid', { field: 'assignee' })
    await store.transaction(async (tx) => {
      await lockGroup(tx, id, version)
      await tx.groups.assign(id, assignee)
      const by = staffName(actor)
      await tx.audit([{ actor: by, action: 'log_group.assigned', subject: `log_group:${id}`, details: { assignee } }])
    })
  }
}
