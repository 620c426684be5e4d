import type { MatchStore } from '../../app/match-store.ts'

/** For who only wants to see what comes: nothing is known before, and nothing is kept. */
export const memoryStore: MatchStore & AsyncDisposable = {
  load: async () => [],
  keep: async () => {},
  [Symbol.asyncDispose]: async () => {},
}
