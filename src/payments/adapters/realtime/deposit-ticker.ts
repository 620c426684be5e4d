import type { ServerEvents } from '#contract'
import type { Clock } from '../../../kernel/clock.ts'

export type DepositTick = ServerEvents['deposit:timer']

export interface TickedDeposit {
  readonly id: string
  readonly status: DepositTick['status']
  readonly expiresAt: Date
}

export interface DepositTicker extends Disposable {
  /** Ticks for the deposit from its next whole second on; for one known already, with the new status and end. */
  watch(deposit: TickedDeposit): void
  unwatch(depositId: string): void
  isWatching(depositId: string): boolean
  readonly size: number
}

interface DepositTickerDeps {
  readonly clock: Clock
  /** Must not throw. It may watch and unwatch. */
  readonly emit: (depositId: string, tick: DepositTick) => void
}

interface Watched {
  readonly id: string
  status: DepositTick['status']
  expiresAtMs: number
  expiresAt: string
  slot: number
  tickedAtMs: number
}

const secondMs = 1000
const slotMs = 20
const slotsPerSecond = secondMs / slotMs
/** After a stall no more than this much of a second is caught up; deposits that it passed over tick a second later. */
const catchUpMaxSlots = 10
/** A deposit whose end was moved, or a clock that was, makes no tick sooner than this after the one before. */
const tickDistanceMinMs = 500

/**
 * One clockwork for every watched deposit. A second has 50 slots; a deposit sits in the one at whose end a whole number
 * of its seconds remains, so it ticks then, and many deposits spread over the second. Times follow the clock, so lateness
 * does not add up. There is a timer only while something is watched, and it sleeps through empty slots.
 */
export function createDepositTicker({ clock, emit }: DepositTickerDeps): DepositTicker {
  const slots: readonly Set<Watched>[] = Array.from({ length: slotsPerSecond }, () => new Set<Watched>())
  const deposits = new Map<string, Watched>()
  let timer: NodeJS.Timeout | undefined
  /** Slots counted from the epoch: the last one done, and the one the timer waits for. */
  let doneSlot = 0
  let armedSlot = Number.POSITIVE_INFINITY

  const slotAt = (atMs: number) => Math.floor(atMs / slotMs)

  function watch({ id, status, expiresAt }: TickedDeposit): void {
    const expiresAtMs = expiresAt.getTime()
    const slot = Math.ceil((expiresAtMs % secondMs) / slotMs) % slotsPerSecond
    const known = deposits.get(id)
    if (known?.expiresAtMs === expiresAtMs) {
      known.status = status
      return
    }
    if (known !== undefined) slots[known.slot]?.delete(known)
    const tickedAtMs = known?.tickedAtMs ?? Number.NEGATIVE_INFINITY
    const watched = { id, status, expiresAtMs, expiresAt: expiresAt.toISOString(), slot, tickedAtMs }
    deposits.set(id, watched)
    slots[slot]?.add(watched)
    armFor(slot)
  }

  function unwatch(depositId: string): void {
    const watched = deposits.get(depositId)
    if (watched === undefined) return
    deposits.delete(depositId)
    slots[watched.slot]?.delete(watched)
    if (deposits.size === 0) disarm()
  }

  /** Makes sure that the timer does not sleep through the slot. */
  function armFor(slot: number): void {
    const nowMs = clock.now().getTime()
    const asleepUntil = Math.min(slotAt(nowMs), armedSlot - 1)
    // Slots passed over while asleep were empty; they are not to be caught up for a deposit that came later.
    doneSlot = timer === undefined ? asleepUntil : Math.max(doneSlot, asleepUntil)
    const next = doneSlot + 1 + ((((slot - doneSlot - 1) % slotsPerSecond) + slotsPerSecond) % slotsPerSecond)
    if (next < armedSlot) arm(next, nowMs)
  }

  function armForNext(nowMs: number): void {
    let next = doneSlot + 1
    while (next <= doneSlot + slotsPerSecond && !slots[next % slotsPerSecond]?.size) next++
    if (next <= doneSlot + slotsPerSecond) arm(next, nowMs)
  }

  function arm(slot: number, nowMs: number): void {
    clearTimeout(timer)
    armedSlot = slot
    timer = setTimeout(run, Math.min(secondMs, Math.max(1, slot * slotMs - nowMs)))
  }

  function disarm(): void {
    clearTimeout(timer)
    timer = undefined
    armedSlot = Number.POSITIVE_INFINITY
  }

  function run(): void {
    const now = clock.now()
    const nowMs = now.getTime()
    const current = slotAt(nowMs)
    const serverTime = now.toISOString()
    // A clock set back makes `doneSlot` lie ahead; the work goes on from where the clock is now.
    const from = current < doneSlot - 1 ? current : Math.max(doneSlot + 1, current - catchUpMaxSlots + 1)
    doneSlot = Math.max(current, from - 1)
    for (let slot = from; slot <= current; slot++) {
      for (const watched of slots[slot % slotsPerSecond] ?? []) tick(watched, nowMs, serverTime)
    }
    disarm()
    armForNext(nowMs)
  }

  function tick(watched: Watched, nowMs: number, serverTime: string): void {
    const { id, status, expiresAt } = watched
    const remainingMs = Math.max(0, watched.expiresAtMs - nowMs)
    const sinceLastMs = nowMs - watched.tickedAtMs
    if (remainingMs > 0 && sinceLastMs >= 0 && sinceLastMs < tickDistanceMinMs) return
    watched.tickedAtMs = nowMs
    if (remainingMs === 0) unwatch(id)
    emit(id, { depositId: id, status, remainingMs, expiresAt, serverTime })
  }

  return {
    watch,
    unwatch,
    isWatching: (depositId) => deposits.has(depositId),
    get size() {
      return deposits.size
    },
    [Symbol.dispose]() {
      disarm()
      deposits.clear()
      for (const slot of slots) slot.clear()
    },
  }
}
