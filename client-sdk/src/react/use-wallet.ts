import { useMemo, useSyncExternalStore } from 'react'
import type { BalanceView } from '../api.ts'
import type { XmClient } from '../client.ts'
import { isXmError, type XmError } from '../errors.ts'
import { subscription } from '../subscription.ts'
import { createStore } from './store.ts'

export interface WalletState {
  /** One entry a currency; null until known. */
  readonly balances: readonly BalanceView[] | null
  readonly error: XmError | null
  readonly status: 'loading' | 'live' | 'failed'
}

const loading: WalletState = { balances: null, error: null, status: 'loading' }
const serverSnapshot = () => loading

/** Balances of the signed-in user, kept up to date while the component is mounted. */
export function useWallet(client: XmClient): WalletState {
  const store = useMemo(() => walletStore(client), [client])
  return useSyncExternalStore(store.subscribe, store.snapshot, serverSnapshot)
}

function walletStore(client: XmClient) {
  return createStore<WalletState>(loading, (update) => {
    const byCurrency = new Map<string, BalanceView>()
    const pushed = new Set<string>()
    const publish = () => update({ balances: [...byCurrency.values()], error: null, status: 'live' })
    const changes = client.realtime.onWalletChanged(({ balance }) => {
      pushed.add(balance.currency)
      byCurrency.set(balance.currency, balance)
      publish()
    })
    // Beside the pushes: it works where sockets do not, and an empty wallet is an answer too.
    client.wallet.balances.query().then(
      ({ balances }) => {
        for (const balance of balances) if (!pushed.has(balance.currency)) byCurrency.set(balance.currency, balance)
        publish()
      },
      (error: unknown) => {
        if (isXmError(error) && pushed.size === 0) update({ error, status: 'failed' })
      },
    )
    return subscription(() => changes.stop())
  })
}
