import { useMemo, useSyncExternalStore } from 'react'
import type { BalanceView } from '../api.ts'
import type { XmClient } from '../client.ts'
import { isXmError, type XmError } from '../errors.ts'
import type { WalletChange } from '../realtime/surface.ts'
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
    const { realtime, wallet } = client
    let shown = new Map<string, BalanceView>()
    /** What was pushed since the last question was asked. */
    let pushed = new Map<string, WalletChange>()
    let questions = 0
    /** Answers and pushes overtake each other. */
    const isNewer = ({ balance, version }: WalletChange) => version > (shown.get(balance.currency)?.version ?? -1)
    const publish = () => update({ balances: [...shown.values()], error: null, status: 'live' })

    /** Beside the pushes: it works where sockets do not, and an empty wallet is an answer too. */
    function ask(): void {
      const question = ++questions
      pushed = new Map()
      wallet.balances.query().then(
        ({ balances }) => {
          if (question !== questions) return
          shown = new Map(balances.map((balance) => [balance.currency, balance]))
          for (const [currency, change] of pushed) if (isNewer(change)) shown.set(currency, change.balance)
          publish()
        },
        (error: unknown) => {
          if (question === questions && isXmError(error) && shown.size === 0) update({ error, status: 'failed' })
        },
      )
    }

    const changes = realtime.onWalletChanged((change) => {
      if (!isNewer(change)) return
      const { balance } = change
      pushed.set(balance.currency, change)
      shown.set(balance.currency, balance)
      publish()
    })
    const statuses = realtime.onStatus((status) => {
      if (status === 'reconnecting') return
      if (status !== 'connected') {
        // Signed out, or signed in anew: what was shown may be somebody else's.
        shown = new Map()
        update(loading)
      }
      ask()
    })
    ask()
    return subscription(() => {
      statuses.stop()
      changes.stop()
    })
  })
}
