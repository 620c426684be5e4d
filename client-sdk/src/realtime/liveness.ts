import type { Connection } from './connection.ts'
import { resultIn } from './deposit-outcome.ts'
import type { DepositWatches, Watch } from './deposit-watches.ts'
import type { WalletFeed } from './wallet-feed.ts'

interface LivenessDeps {
  readonly connection: Connection
  readonly watches: DepositWatches
  readonly wallet: WalletFeed
  readonly resume: (depositIds?: string[]) => void
}

const lookMs = 2_500
/** The server speaks of an open deposit every second; this long a silence means that something is lost. */
const quietMs = 10_000
/** A final state is followed by its result at once. */
const resultDueMs = 2_000

interface PageLike {
  addEventListener?(type: string, listener: () => void): void
  removeEventListener?(type: string, listener: () => void): void
  readonly visibilityState?: string
}

/** Asks anew whenever news may have been missed although the connection looks alive: after a sleep, or in a silence. */
export function keepAlive({ connection, watches, wallet, resume }: LivenessDeps): void {
  let timer: ReturnType<typeof setInterval> | undefined
  const page = globalThis as PageLike & { document?: PageLike }

  const isOverdue = ({ record: { deposit, result }, heardMs, spareUntilMs, refusal }: Watch) => {
    const nowMs = performance.now()
    const silenceMs = nowMs - heardMs
    if (refusal || nowMs < spareUntilMs) return false
    if (deposit && resultIn(deposit)) return result === null && silenceMs > resultDueMs
    return silenceMs > quietMs
  }

  function look(): void {
    const overdue = [...watches.all.values()].filter(isOverdue)
    for (const watch of overdue) watch.heardMs = performance.now()
    const walletIsDue = wallet.watched && performance.now() >= wallet.askAgainMs
    if (overdue.length > 0 || walletIsDue) resume(overdue.map(({ id }) => id))
  }

  function wake(): void {
    if (page.document?.visibilityState === 'hidden') return
    if (connection.status === 'reconnecting') connection.restart()
    else resume()
  }

  const wakers = [
    [page.document, 'visibilitychange'],
    [page, 'online'],
    [page, 'pageshow'],
  ] as const

  connection.statuses.add((status) => {
    clearInterval(timer)
    const attend = status === 'idle' || status === 'closed' ? 'removeEventListener' : 'addEventListener'
    for (const [target, event] of wakers) target?.[attend]?.(event, wake)
    if (status !== 'connected') return
    timer = setInterval(look, lookMs)
    resume()
  })
}
