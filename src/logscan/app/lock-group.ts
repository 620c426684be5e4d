import { DomainError } from '../../kernel/errors.ts'
import type { LogsTx } from './ports.ts'

/** Locks a group, and says at which version it is. Throws `logs.group_not_found`, `logs.group_changed`. */
export async function lockGroup(tx: LogsTx, id: string, seen: number | null): Promise<number> {
  const version = await tx.groups.lock(id)
  if (version === null) throw new DomainError('logs.group_not_found', 'not_found', { field: 'id', id })
  if (seen !== null && seen !== version)
    throw new DomainError('logs.group_changed', 'conflict', { field: 'version', version })
  return version
}
