import type { DepositView } from '../api.ts'
import { isXmError, type XmError } from '../errors.ts'
import type { ServerClock } from '../server-clock.ts'
import { guarded, type Subscription, subscription } from '../subscription.ts'
import type { Connection } from './connection.ts'
import { type Countdown, createCountdown } from './countdown.ts'
import {
  type DepositRecord,
  resultIn,
  unknownDeposit,
  withDeposit,
  withResult,
  withSnapshot,
} from './deposit-outcome.ts'
import type { DepositHandlers, DepositResult } from './surface.ts'

interface Watcher {
  readonly handlers: DepositHandlers
  readonly countdown: Countdown
  deposit: DepositView | null
  result: DepositResult | null
}

export interface Watch {
  readonly id: string
  record: DepositRecord
  /** On the monotonic clock: when the server was last heard of this deposit, and until when it asked to be left alone. */
  heardMs: number
  spareUntilMs: number
  /** The server has no room for this one; asked for again once another watch ends. */
  refusal: XmError | null
  readonly watchers: Set<Watcher>
  hold: Subscription
}

export interface DepositWatches {
  readonly all: ReadonlyMap<string, Watch>
  add(depositId: string, handlers: DepositHandlers): Subscription
  /** A fresh snapshot of a watched deposit. */
  snapshot(deposit: DepositView): void
  /** Tells the watchers, unless it passes by itself; a deposit that cannot be watched is given up. */
  fail(depositId: string, error: XmError): void
}

interface WatchesDeps {
  readonly connection: Connection
  readonly clock: ServerClock
  /** Asks for snapshots of these, or of everything watched. */
  readonly resume: (depositIds?: string[]) => void
}

const isOpen = (deposit: DepositView) => resultIn(deposit) === null
const tickMinMs = 50

export function createDepositWatches({ connection, clock, resume }: WatchesDeps): DepositWatches {
  const all = new Map<string, Watch>()
  /** Begun in this tick and not asked for yet. */
  const begun = new Set<string>()

  connection.on('deposit:timer', ({ depositId, serverTime }) => {
    const watch = all.get(depositId)
    clock.observe(serverTime)
    if (!watch) return
    watch.heardMs = performance.now()
    for (const { countdown } of watch.watchers) countdown.correct()
  })
  connection.on('deposit:changed', (deposit) => update(deposit.id, (record) => withDeposit(record, deposit)))
  connection.on('payment:result', (event) => update(event.depositId, (record) => withResult(record, event)))
  connection.failures.add((error) => {
    for (const watch of all.values()) tell(watch, error)
  })

  function update(id: string, change: (record: DepositRecord) => DepositRecord): void {
    const watch = all.get(id)
    if (!watch) return
    watch.heardMs = performance.now()
    watch.record = change(watch.record)
    for (const watcher of [...watch.watchers]) {
      bringUpToDate(watch, watcher)
      watcher.countdown.correct()
    }
  }

  function bringUpToDate({ record: { deposit, result }, watchers }: Watch, watcher: Watcher): void {
    const { handlers, countdown } = watcher
    const running = () => watchers.has(watcher)
    if (running() && deposit && watcher.deposit !== deposit) {
      watcher.deposit = deposit
      guarded(() => handlers.onChange?.(deposit))
      if (!running()) return
      if (isOpen(deposit)) countdown.aim(deposit.expiresAt)
      else countdown.stop()
    }
    if (running() && result && watcher.result !== result) {
      watcher.result = result
      guarded(() => handlers.onResult?.(result))
    }
  }

  function watcherOf(watch: Watch, handlers: DepositHandlers): Watcher {
    const tickMs = Math.max(tickMinMs, handlers.tickMs ?? 1000)
    const watcher: Watcher = {
      handlers,
      deposit: null,
      result: null,
      countdown: createCountdown({
        clock,
        tickMs,
        onGap: () => resume(),
        onTick(remainingMs) {
          const { deposit } = watcher
          if (!deposit || !watch.watchers.has(watcher)) return
          const { id, status, expiresAt } = deposit
          guarded(() => handlers.onTimer?.({ depositId: id, status, remainingMs, expiresAt }))
        },
      }),
    }
    return watcher
  }

  function begin(id: string): Watch {
    const watch: Watch = {
      id,
      record: unknownDeposit,
      heardMs: performance.now(),
      spareUntilMs: 0,
      refusal: null,
      watchers: new Set(),
      hold: connection.hold(),
    }
    all.set(id, watch)
    // While connecting, the watch is part of what is resumed then.
    if (connection.status === 'connected') {
      begun.add(id)
      queueMicrotask(askBegun)
    }
    return watch
  }

  /** Many at once travel in one message: the server bounds the messages of a socket. */
  function askBegun(): void {
    const watches = [...begun].flatMap((id) => all.get(id) ?? [])
    begun.clear()
    if (watches.length > 1) resume(watches.map(({ id }) => id))
    else for (const watch of watches) void ask(watch)
  }

  async function ask(watch: Watch): Promise<void> {
    try {
      const deposit = await connection.request('deposit:watch', { depositId: watch.id })
      if (all.get(watch.id) !== watch) return
      clock.observe(deposit.serverTime)
      snapshot(deposit)
    } catch (error) {
      if (!isXmError(error) || all.get(watch.id) !== watch) return
      if (error.code === 'network.timeout') connection.restart()
      else if (error.kind !== 'network') fail(watch.id, error)
    }
  }

  function end(watch: Watch): void {
    if (all.get(watch.id) !== watch) return
    all.delete(watch.id)
    // Nobody waits for the answer: a connection that is down forgets its watches anyway.
    if (!begun.delete(watch.id) && connection.status === 'connected')
      connection.request('deposit:unwatch', { depositId: watch.id }).catch(() => {})
    const next = watch.refusal ? undefined : [...all.values()].find(({ refusal }) => refusal)
    if (next) resume([next.id])
    watch.hold.stop()
  }

  function snapshot(deposit: DepositView): void {
    const watch = all.get(deposit.id)
    if (watch) watch.refusal = null
    update(deposit.id, (record) => withSnapshot(record, deposit))
  }

  function tell(watch: Watch, error: XmError): void {
    for (const { handlers } of [...watch.watchers]) guarded(() => handlers.onError?.(error))
  }

  function fail(id: string, error: XmError): void {
    const watch = all.get(id)
    if (!watch) return
    if (error.code === 'rate.limited' || error.kind === 'unavailable') {
      // It passes: overdue from now on, the deposit is asked for again as soon as the server allows.
      watch.heardMs = Number.NEGATIVE_INFINITY
      watch.spareUntilMs = performance.now() + (error.retryAfterMs ?? 0)
      return
    }
    if (error.code === 'socket.too_many_watches') {
      if (watch.refusal) return
      watch.refusal = error
    }
    tell(watch, error)
    if (error.kind !== 'not_found' && error.kind !== 'forbidden') return
    for (const { countdown } of watch.watchers) countdown.stop()
    end(watch)
  }

  return {
    all,
    snapshot,
    fail,
    add(depositId, handlers) {
      const watch = all.get(depositId) ?? begin(depositId)
      const watcher = watcherOf(watch, handlers)
      watch.watchers.add(watcher)
      // Later, so that the caller holds the handle before the first callback.
      queueMicrotask(() => {
        bringUpToDate(watch, watcher)
        const { refusal } = watch
        if (refusal && watch.watchers.has(watcher)) guarded(() => handlers.onError?.(refusal))
      })
      return subscription(() => {
        watcher.countdown.stop()
        watch.watchers.delete(watcher)
        if (watch.watchers.size === 0) end(watch)
      })
    },
  }
}
