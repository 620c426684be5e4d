import type { FollowStore } from './source-runner.ts'

/** For who only wants to see what comes: nothing is known before, nothing is kept, and nobody else is asked. */
export const memoryStore: FollowStore & AsyncDisposable = {
  claims: {
    read: async () => [],
    take: async () => true,
    beat: async () => {},
    release: async () => {},
  },
  claimMs: 0,
  storeFor: () => ({ load: async () => [], keep: async () => {} }),
  [Symbol.asyncDispose]: async () => {},
}
