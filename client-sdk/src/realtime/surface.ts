import type { BalanceView, DepositStatus, DepositView, ServerEvents } from '../api.ts'
import type { XmError } from '../errors.ts'
import type { Subscription } from '../subscription.ts'

/** `idle`: nobody listens. `closed`: it will not come back by itself (signed out, refused, or closed by you). */
export type RealtimeStatus = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closed'

export type DepositResultKind = ServerEvents['payment:result']['result']

/** How a deposit ended. */
export interface DepositResult {
  readonly depositId: string
  readonly result: DepositResultKind
  readonly deposit: DepositView
  /** The server's id of this result; null when it was read from a snapshot, its event having been missed. */
  readonly eventId: string | null
}

export interface DepositTick {
  readonly depositId: string
  readonly status: DepositStatus
  /** Milliseconds left on the server's clock; 0 when over. */
  readonly remainingMs: number
  /** ISO 8601, on the server's clock. */
  readonly expiresAt: string
}

export interface DepositHandlers {
  /** While the deposit is open: at once, then at every whole second (see `tickMs`) of what remains, and at 0. */
  readonly onTimer?: ((tick: DepositTick) => void) | undefined
  /** With the first snapshot and with every newer version. */
  readonly onChange?: ((deposit: DepositView) => void) | undefined
  /** Once for each outcome. An `expired` may be followed by a `paid`: the money was on its way in time. */
  readonly onResult?: ((result: DepositResult) => void) | undefined
  /**
   * The watch cannot go on: no such deposit, signed out, or too many watches; the last goes on once another one ends.
   * Interruptions are not errors.
   */
  readonly onError?: ((error: XmError) => void) | undefined
  /** Milliseconds between calls of `onTimer`; 1000 unless told, at least 50. */
  readonly tickMs?: number | undefined
}

export interface WalletChange {
  readonly balance: BalanceView
  /** That of the balance: grows with every change. */
  readonly version: number
  /** ISO 8601, on the server's clock. */
  readonly serverTime: string
}

export interface LogHandlers {
  /** A line that was found; at a flood only some of them. */
  readonly onLine?: ((line: ServerEvents['logs:event']) => void) | undefined
  /** An alert, at least once: the same has the same id. Those of an interruption are in `logs.alerts.list`. */
  readonly onAlert?: ((alert: ServerEvents['logs:alert']) => void) | undefined
  /** How far a scan is, while it runs, and how it ended; a lower version is older news. */
  readonly onScan?: ((scan: ServerEvents['logs:scan']) => void) | undefined
  /** A group that is new, or is there again. */
  readonly onGroup?: ((news: ServerEvents['logs:group']) => void) | undefined
  /** How far a machine has read a source: as it is when you begin to listen, and as it changes. */
  readonly onSource?: ((state: ServerEvents['logs:source']) => void) | undefined
  /** It cannot be heard: you are no staff, or signed out. Interruptions are not errors. */
  readonly onError?: ((error: XmError) => void) | undefined
}

export interface Realtime {
  readonly status: RealtimeStatus
  onStatus(listener: (status: RealtimeStatus) => void): Subscription
  /**
   * Follows one deposit until stopped. Connects by itself, survives interruptions, and misses nothing final. Watchers of
   * the same deposit share one subscription at the server.
   */
  watchDeposit(depositId: string, handlers: DepositHandlers): Subscription
  /** Your balances: one call a currency at the start, then one a change. */
  onWalletChanged(listener: (change: WalletChange) => void): Subscription
  /** What is found in logs while you listen, for staff. What an interruption swallows is in `logs.events.list`. */
  watchLogs(handlers: LogHandlers): Subscription
  /** Any event of the server, as it comes: duplicates and gaps are yours to handle. */
  on<E extends keyof ServerEvents>(event: E, listener: (payload: ServerEvents[E]) => void): Subscription
  /** Keeps the connection open even while nothing is watched. */
  connect(): void
  /** Closes the connection until `connect()`. Watches stay, and go on then. */
  close(): void
}
