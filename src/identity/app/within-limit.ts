import { DomainError } from '../../kernel/errors.ts'
import type { Limit } from './ports.ts'

/** Counts one and says whether it was within the limit, for callers that must not show a limit. */
export async function withinLimit(limit: Limit, key: string): Promise<boolean> {
  return (await refusalOf(limit.consume(key))) === null
}

/** What a limit refuses with; null when it does not. */
export async function refusalOf(counting: Promise<void>): Promise<DomainError | null> {
  try {
    await counting
    return null
  } catch (error) {
    if (error instanceof DomainError && error.code === 'rate.limited') return error
    throw error
  }
}
