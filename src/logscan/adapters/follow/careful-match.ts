import type { ScanTask } from '../scan/scan-task.ts'
import { endOfFirstLine, endOfLastLine } from './file-text.ts'
import { MatcherBroken, type MatcherPool, type RangeFound } from './matcher-pool.ts'

export interface CarefulMatch extends RangeFound {
  /** Up to where it came. */
  readonly limit: number
  /** Bytes of these that cannot be matched, and are passed over. */
  readonly unmatchable: number
}

type FileTask = ScanTask & { readonly fd: number }

/**
 * Matches the whole lines of a range of an open file. What ends the matcher's threads is narrowed down to a line, and that is
 * passed over: the rest is matched. Throws MatcherBroken where nothing can be matched at all.
 */
export async function matchCarefully(pool: MatcherPool, task: FileTask): Promise<CarefulMatch> {
  const { fd, from } = task
  for (let limit = task.limit; ; ) {
    try {
      return { ...(await pool.match({ ...task, limit })), limit, unmatchable: 0 }
    } catch (error) {
      if (!(error instanceof MatcherBroken)) throw error
      const some = endOfLastLine(fd, from, from + Math.floor((limit - from) / 2))
      const fewer = some === -1 ? endOfFirstLine(fd, from, limit) : some
      if (fewer === -1 || fewer >= limit) {
        // It is the line, unless nothing at all can be matched.
        const nothing = await pool.match({ ...task, limit: from })
        return { ...nothing, newlines: 1, limit, unmatchable: limit - from }
      }
      limit = fewer
    }
  }
}
