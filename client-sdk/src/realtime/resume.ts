import type { ClientEvents } from '../contract/events.ts'
import { resumeMaxDeposits } from '../contract/limits.ts'
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

const walletRetryMs = 10_000

/** Asks for fresh snapshots, one request at a time however many ask, and tells everybody concerned. */
export function createResume({ connection, clock, watches, wallet }: ResumeDeps) {
  const wanted = new Set<string>()
  let again = false
  let running = false

  async function batch(depositIds: string[]): Promise<void> {
    let answer: ClientEvents['resume']['output']
    try {
      answer = await connection.request('resume', { depositIds })
    } catch (error) {
      if (!isXmError(error)) throw error
      if (error.code === 'network.timeout') connection.restart()
      if (error.kind === 'network') return
      for (const id of depositIds) watches.fail(id, error)
      wallet.snapshotFailed(error.retryAfterMs ?? walletRetryMs)
      return
    }
    clock.observe(answer.serverTime)
    for (const deposit of answer.deposits) watches.snapshot(deposit)
    for (const { message, ...body } of answer.refused) watches.fail(body.depositId, refusalError({ message, body }))
    wallet.snapshot(answer.balances, answer.serverTime)
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
        for (let from = 0; from === 0 || from < ids.length; from += resumeMaxDeposits)
          await batch(ids.slice(from, from + resumeMaxDeposits))
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
