import { DomainError } from '../../kernel/errors.ts'
import type { LogsTx } from './ports.ts'

/**
 * Locks a group that is one of its own, and says at which version it is. Throws `logs.group_not_found`, `logs.group_merged`,
 * `logs.group_changed`.
 */
export async function lockGroup(tx: LogsTx, id: string, seen: number | null): Promise<number> {
  const [group] = await tx.groups.lockAll([id])
  if (group === undefined) throw groupNotFound(id, 'id')
  requireUnmerged(id, group.mergedInto, 'id')
  const { version } = group
  if (seen !== null && seen !== version)
    throw new DomainError('logs.group_changed', 'conflict', { field: 'version', version })
  return version
}

export function groupNotFound(id: string, field: string): DomainError {
  return new DomainError('logs.group_not_found', 'not_found', { field, id })
}

/** Throws `logs.group_merged`. */
export function requireUnmerged(id: string, mergedInto: string | null, field: string): void {
  if (mergedInto !== null) throw new DomainError('logs.group_merged', 'conflict', { field, id, mergedInto })
}
