import { LRUCache } from 'lru-cache'
import type { LogPattern } from '../domain/log-pattern.ts'
import { costOf, type PatternCost } from '../domain/match/pattern-cost.ts'

const keptMax = 5000
const kept = new LRUCache<string, PatternCost>({ max: keptMax })

/** The same as `costOf`; what lists show again and again is reckoned once. */
export function costsOf(pattern: LogPattern): PatternCost {
  const key = JSON.stringify([pattern.match, pattern.ignoreCase])
  const known = kept.get(key) ?? costOf(pattern)
  kept.set(key, known)
  return known
}
