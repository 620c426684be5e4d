import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import { groupNotFound, requireUnmerged } from './lock-group.ts'
import type { LogsStore, LogsTx } from './ports.ts'
import { staffName } from './staff-name.ts'

interface MergeGroupsDeps {
  readonly store: LogsStore
  /** Groups that one group may have taken in. */
  readonly membersMax: number
}

export interface MergeGroupsCommand {
  /** The group that stays. */
  readonly into: string
  readonly groups: readonly string[]
  readonly reason: string
}

/**
 * Makes one group of several: lines of all of them, those to come too, are the first one's. Throws `logs.group_not_found`,
 * `logs.group_merged`, `logs.merge_with_itself`, `logs.too_many_members`.
 */
export function mergeGroups({ store, membersMax }: MergeGroupsDeps) {
  return async (actor: Actor, { into, groups, reason }: MergeGroupsCommand): Promise<void> => {
    const by = staffName(actor)
    const others = [...new Set(groups)]
    if (others.includes(into)) throw new DomainError('logs.merge_with_itself', 'invalid', { field: 'groups', id: into })
    await store.transaction(async (tx) => {
      const locked = await tx.groups.lockAll([into, ...others])
      const targetOf = new Map(locked.map(({ id, mergedInto }) => [id, mergedInto]))
      for (const [index, id] of [into, ...others].entries()) {
        const target = targetOf.get(id)
        const field = index === 0 ? 'into' : 'groups'
        if (target === undefined) throw groupNotFound(id, field)
        requireUnmerged(id, target, field)
      }
      const members = await tx.groups.merge(into, others, { actor: by, reason })
      if (members > membersMax) throw new DomainError('logs.too_many_members', 'conflict', { max: membersMax })
      await audit(tx, by, 'log_group.merged', into, { groups: others, reason })
    })
  }
}

/**
 * Makes a group that was merged into another one of its own again. Throws `logs.group_not_found`, `logs.group_not_merged`,
 * `logs.group_changed` if it is merged elsewhere meanwhile.
 */
export function splitGroup({ store }: { store: LogsStore }) {
  return async (actor: Actor, { id, reason }: { readonly id: string; readonly reason: string }): Promise<void> => {
    const by = staffName(actor)
    await store.transaction(async (tx) => {
      const from = await tx.groups.mergedInto(id)
      if (from === undefined) throw groupNotFound(id, 'id')
      if (from === null) throw new DomainError('logs.group_not_merged', 'conflict', { field: 'id', id })
      if (!(await tx.groups.split(id, from, { actor: by, reason })))
        throw new DomainError('logs.group_changed', 'conflict', { field: 'id', id })
      await audit(tx, by, 'log_group.split', id, { from, reason })
    })
  }
}

function audit(tx: LogsTx, actor: string, action: string, id: string, details: Record<string, unknown>): Promise<void> {
  return tx.audit([{ actor, action, subject: `log_group:${id}`, details }])
}
