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

/** Asks for fresh snapshots, one request at a time however many ask, and tells everybody concerned. */
export function createResume({ connection, clock, watches, wallet }: ResumeDeps) {
  const wanted = new Set<string>()
  let again = false
  let running = false

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

  async function run(): Promise<void> {
    running = true
    try {
      // What is asked for in the same tick goes along.
      await null
      while (again && connection.status === 'connected') {
        again = false
        const ids = [...wanted].filter((id) => watches.all.has(id))
        wanted.clear()
        if (ids.length === 0 && !wallet.watched) continue
        for (let from = 0; from === 0 || from < ids.length; from += batchMax)
          await batch(ids.slice(from, from + batchMax))
      }
    } finally {
      // Not connected: whoever connects asks for everything.
      wanted.clear()
      running = false
    }
  }

  return (ids: Iterable<string> = watches.all.keys()): void => {
    for (const id of ids) wanted.add(id)
    again = true
    if (!running) void run()
  }
}

function notFound() {
  return refusalError({
    body: { code: 'deposit.not_found' },
    message: 'There is no such deposit',
  })
}
