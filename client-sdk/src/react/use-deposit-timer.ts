import { useMemo, useSyncExternalStore } from 'react'
import type { DepositView } from '../api.ts'
import type { XmClient } from '../client.ts'
import type { XmError } from '../errors.ts'
import type { DepositResultKind } from '../realtime/surface.ts'
import { subscription } from '../subscription.ts'
import { createStore, type Store } from './store.ts'

export interface DepositTimerState {
  /** Milliseconds left on the server's clock, once a second; null until known and after the end. */
  readonly remainingMs: number | null
  readonly deposit: DepositView | null
  /** How it ended; null while open. An `expired` may still become `paid`. */
  readonly result: DepositResultKind | null
  readonly error: XmError | null
  /** `idle`: no deposit was named. `reconnecting`: what is shown may be old; the countdown goes on. */
  readonly status: 'idle' | 'loading' | 'live' | 'reconnecting' | 'failed'
}

const idle: DepositTimerState = { remainingMs: null, deposit: null, result: null, error: null, status: 'idle' }
const loading: DepositTimerState = { ...idle, status: 'loading' }

/** Follows a deposit while the component is mounted; null or undefined for none. `tickMs`: 1000 unless told. */
export function useDepositTimer(
  client: XmClient,
  depositId: string | null | undefined,
  { tickMs }: { readonly tickMs?: number | undefined } = {},
): DepositTimerState {
  const store = useMemo(() => depositStore(client, depositId, tickMs), [client, depositId, tickMs])
  return useSyncExternalStore(store.subscribe, store.snapshot, depositId ? serverLoading : serverIdle)
}

const serverLoading = () => loading
const serverIdle = () => idle

function depositStore(
  client: XmClient,
  id: string | null | undefined,
  tickMs: number | undefined,
): Store<DepositTimerState> {
  if (!id) return createStore(idle, () => subscription(() => {}))
  return createStore<DepositTimerState>(loading, (update) => {
    const { realtime } = client
    let known = false
    const watch = realtime.watchDeposit(id, {
      tickMs,
      onTimer: ({ remainingMs }) => update({ remainingMs }),
      onChange(deposit) {
        known = true
        update({ deposit, error: null, status: 'live' })
      },
      onResult: ({ result, deposit }) => update({ result, deposit, remainingMs: null }),
      onError: (error) => update({ error, status: 'failed' }),
    })
    const statuses = realtime.onStatus((status) => {
      if (status === 'connected') update({ status: known ? 'live' : 'loading', error: null })
      if (status === 'reconnecting') update({ status: known ? 'reconnecting' : 'loading' })
    })
    return subscription(() => {
      statuses.stop()
      watch.stop()
    })
  })
}
