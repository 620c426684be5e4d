import type { IdentityDeps } from './ports.ts'

/** Removes expired sessions and password resets, at most `limit` of each. Returns how many went; call again while it is full. */
export function pruneIdentity({ store }: Pick<IdentityDeps, 'store'>) {
  return (now: Date, limit: number): Promise<number> => store.prune(now, limit)
}
