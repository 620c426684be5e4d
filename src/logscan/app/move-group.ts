import type { Actor } from '../../kernel/actor.ts'
import { assert } from '../../kernel/assert.ts'
import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { GroupMove } from '../domain/group/group-status.ts'
import { lockGroup } from './lock-group.ts'
import type { LogsStore } from './ports.ts'
import { staffName } from './staff-name.ts'

export interface MoveGroupCommand {
  readonly id: string
  readonly move: GroupMove
  readonly reason: string
  /** What they saw when they decided; null for whatever it is now. */
  readonly version: number | null
}

/**
 * Gives a group another status. Throws `logs.ignore_until_past`, `logs.group_not_found`, and `logs.group_changed` if it is
 * not as it was seen.
 */
export function moveGroup({ store, clock }: { store: LogsStore; clock: Clock }) {
  return async (actor: Actor, { id, move, reason, version }: MoveGroupCommand): Promise<void> => {
    const now = clock.now()
    if (move.to === 'ignored' && move.until !== null && move.until <= now.getTime())
      throw new DomainError('logs.ignore_until_past', 'invalid', { field: 'until', serverTime: now.toISOString() })
    const by = staffName(actor)
    await store.transaction(async (tx) => {
      const rowVersion = await lockGroup(tx, id, version)
      const isMoved = await tx.groups.move(id, move, { actor: by, reason, rowVersion })
      assert(isMoved, 'a locked group does not change')
      const details = { ...move, reason }
      await tx.audit([{ actor: by, action: 'log_group.status_set', subject: `log_group:${id}`, details }])
    })
  }
}
