import type { BalanceView } from '../api.ts'
import { listeners, type Subscription, subscription } from '../subscription.ts'
import type { Connection } from './connection.ts'
import type { WalletChange } from './surface.ts'

export interface WalletFeed {
  readonly watched: boolean
  add(listener: (change: WalletChange) => void): Subscription
  /** Call when asking for a snapshot, and the result with it: what was pushed meanwhile is newer and stays. */
  expectSnapshot(): (balances: readonly BalanceView[], serverTime: string) => void
}

/** `onFirst`: somebody listens while the connection is up already, so a snapshot is needed. */
export function createWalletFeed(connection: Connection, onFirst: () => void): WalletFeed {
  const newest = new Map<string, WalletChange>()
  const all = listeners<WalletChange>()

  connection.statuses.add((status) => {
    // Whoever connects anew may be another user, and gets a snapshot in any case.
    if (status === 'connected') newest.clear()
  })
  connection.on('wallet:changed', ({ balance, version, serverTime }) => {
    const known = newest.get(balance.currency)?.version ?? null
    if (known === null || version > known) publish({ balance, version, serverTime })
  })

  function publish(change: WalletChange): void {
    newest.set(change.balance.currency, change)
    all.emit(change)
  }

  return {
    get watched() {
      return all.size > 0
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
    expectSnapshot() {
      const before = new Map(newest)
      return (balances, serverTime) => {
        for (const balance of balances) {
          const known = newest.get(balance.currency)
          if (known !== before.get(balance.currency)) continue
          if (known && JSON.stringify(known.balance) === JSON.stringify(balance)) continue
          publish({ balance, version: known?.version ?? null, serverTime })
        }
      }
    },
  }
}
