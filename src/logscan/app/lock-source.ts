import { DomainError } from '../../kernel/errors.ts'
import type { LogSource, LogsTx } from './ports.ts'

/** Throws `logs.source_not_found`. */
export async function lockSource(tx: LogsTx, id: string): Promise<LogSource> {
  const source = await tx.sources.lock(id)
  if (source === null) throw new DomainError('logs.source_not_found', 'not_found', { field: 'id', id })
  return source
}
