import type { BalanceView } from '../api.ts'
import { listeners, type Subscription, subscription } from '../subscription.ts'
import type { Connection } from './connection.ts'
import type { WalletChange } from './surface.ts'

export interface WalletFeed {
  readonly watched: boolean
  /** On the monotonic clock: when to ask again for a snapshot that failed; infinite when none did. */
  readonly askAgainMs: number
  add(listener: (change: WalletChange) => void): Subscription
  /** A fresh snapshot. What was pushed meanwhile is newer, and stays. */
  snapshot(balances: readonly BalanceView[], serverTime: string): void
  snapshotFailed(retryAfterMs: number): void
}

/** `onFirst`: somebody listens while the connection is up already, so a snapshot is needed. */
export function createWalletFeed(connection: Connection, onFirst: () => void): WalletFeed {
  const newest = new Map<string, WalletChange>()
  const all = listeners<WalletChange>()
  let askAgainMs = Number.POSITIVE_INFINITY

  connection.statuses.add((status) => {
    // Whoever connects next may be another user, and gets a snapshot in any case.
    if (status !== 'reconnecting') newest.clear()
  })
  connection.on('wallet:changed', take)

  function take({ balance, version, serverTime }: WalletChange): void {
    const { currency } = balance
    if (version <= (newest.get(currency)?.version ?? -1)) return
    const change = { balance, version, serverTime }
    newest.set(currency, change)
    all.emit(change)
  }

  return {
    get watched() {
      return all.size > 0
    },
    get askAgainMs() {
      return askAgainMs
    },
    add(listener) {
      const known = all.size > 0 ? [...newest.values()] : []
      const heard = all.add(listener)
      const hold = connection.hold()
      if (all.size === 1) {
        newest.clear()
        if (connection.status === 'connected') onFirst()
      }
      let running = true
      queueMicrotask(() => {
        for (const change of known) if (running) listener(change)
      })
      return subscription(() => {
        running = false
        heard.stop()
        hold.stop()
      })
    },
    snapshot(balances, serverTime) {
      askAgainMs = Number.POSITIVE_INFINITY
      for (const balance of balances) take({ balance, version: balance.version, serverTime })
    },
    snapshotFailed(retryAfterMs) {
      askAgainMs = performance.now() + retryAfterMs
    },
  }
}
