import type { ClientEvents } from '../contract/events.ts'
import { isXmError, refusalError } from '../errors.ts'
import type { ServerClock } from '../server-clock.ts'
import type { Connection } from './connection.ts'
import type { DepositWatches } from './deposit-watches.ts'
import type { WalletFeed } from './wallet-feed.ts'

interface ResumeDeps {
  readonly connection: Connection
  readonly clock: ServerClock
  readonly watches: DepositWatches
  readonly wallet: WalletFeed
}

/** Well below the contract's 1000: a batch must fit into one small packet. */
const batchMax = 200

/** Asks for fresh snapshots of what is watched, and tells everybody concerned. */
export function createResume({ connection, clock, watches, wallet }: ResumeDeps) {
  async function batch(depositIds: string[]): Promise<void> {
    const takeBalances = wallet.expectSnapshot()
    let answer: ClientEvents['resume']['output']
    try {
      answer = await connection.request('resume', { depositIds })
    } catch (error) {
      if (!isXmError(error)) throw error
      if (error.code === 'network.timeout') connection.restart()
      else if (error.kind !== 'network') for (const id of depositIds) watches.fail(id, error)
      return
    }
    clock.observe(answer.serverTime)
    for (const deposit of answer.deposits) watches.snapshot(deposit)
    takeBalances(answer.balances, answer.serverTime)
    const found = new Set(answer.deposits.map(({ id }) => id))
    for (const id of depositIds) if (!found.has(id)) watches.fail(id, notFound())
  }

  return async (ids: string[] = [...watches.all.keys()]): Promise<void> => {
    if (connection.status !== 'connected' || (ids.length === 0 && !wallet.watched)) return
    for (let from = 0; from === 0 || from < ids.length; from += batchMax) await batch(ids.slice(from, from + batchMax))
  }
}

function notFound() {
  return refusalError({
    body: { code: 'deposit.not_found' },
    message: 'There is no such deposit',
  })
}
