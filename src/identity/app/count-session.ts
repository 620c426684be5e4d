import type { Guess, IdentityDeps } from './ports.ts'

/**
 * Counts a session that is about to be opened: each leaves rows that stay. Throws `rate.limited`. Asked only for who has
 * proven to be the owner, so that it neither tells others of the account nor lets them use its sessions up.
 */
export function countSession({ limits }: Pick<IdentityDeps, 'limits'>) {
  return async ({ account, network }: Guess): Promise<void> => {
    // The account first: what it is refused takes nothing from the others at its network.
    await limits.accountSessions.consume(account)
    await limits.networkSessions.consume(network)
  }
}
