import { DomainError } from '../../kernel/errors.ts'
import type { Limit } from './ports.ts'

/** Counts one and says whether it was within the limit, for callers that must not show a limit. */
export async function withinLimit(limit: Limit, key: string): Promise<boolean> {
  try {
    await limit.consume(key)
    return true
  } catch (error) {
    if (error instanceof DomainError && error.code === 'rate.limited') return false
    throw error
  }
}
