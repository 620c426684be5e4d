import { type ClientEvents, type DepositView, errorTable } from '#contract'
import { assert, unreachable } from '../../../kernel/assert.ts'
import type { Clock } from '../../../kernel/clock.ts'
import { DomainError } from '../../../kernel/errors.ts'
import type { OutboxEvent } from '../../../platform/outbox.ts'
import { type CallHandlers, type CallSocket, type Realtime, userRoom } from '../../../platform/realtime.ts'
import type { PaymentsEvent, PaymentsStore } from '../../app/ports.ts'
import type { readDeposits } from '../../app/read-deposits.ts'
import { type Deposit, isOpen } from '../../domain/deposit.ts'
import { fromOutboxEvent } from '../sequelize/events.ts'
import { viewBalance, viewDeposit } from '../views.ts'
import type { DepositTicker } from './deposit-ticker.ts'

export const depositRoom = (depositId: string) => `deposit:${depositId}`
const depositRoomPattern = /^deposit:(.+)$/

interface DepositFeedDeps {
  readonly clock: Clock
  readonly wallets: PaymentsStore['wallets']
  readonly deposits: PaymentsStore['deposits']
  readonly readDeposits: ReturnType<typeof readDeposits>
  readonly ticker: DepositTicker
  readonly watchesMax: number
}

/** What clients may ask over a socket about deposits, and who hears what of this context's events. */
export function createDepositFeed({ clock, wallets, deposits, readDeposits, ticker, watchesMax }: DepositFeedDeps) {
  const view = (deposit: Deposit) => viewDeposit(deposit, clock.now())

  function follow(deposit: Deposit): void {
    if (isOpen(deposit)) ticker.watch(deposit)
  }

  /** Makes the socket hear of the deposit; false when it hears of as many as it may. */
  function join(socket: CallSocket, depositId: string): boolean {
    const room = depositRoom(depositId)
    if (!socket.isIn(room) && socket.roomCount >= watchesMax) return false
    socket.join(room)
    return true
  }

  const handlers: Pick<CallHandlers, 'deposit:watch' | 'deposit:unwatch' | 'resume'> = {
    async 'deposit:watch'({ actor, input, socket }) {
      const deposit = await readDeposits.get(actor, input.depositId)
      if (!join(socket, deposit.id))
        throw new DomainError('socket.too_many_watches', 'rate_limited', { max: watchesMax })
      // Read once more: what changed between the first look and the joining would be missed.
      const fresh = (await deposits.find(deposit.id)) ?? deposit
      follow(fresh)
      return view(fresh)
    },

    async 'deposit:unwatch'({ input, socket }) {
      socket.leave(depositRoom(input.depositId))
      return { depositId: input.depositId }
    },

    async resume({ actor, input, socket }) {
      const asked = [...new Set(input.depositIds)]
      const owned = new Set((await readDeposits.many(actor, asked)).map(({ id }) => id))
      const joined: string[] = []
      const refused: Refusal[] = []
      for (const id of asked) {
        if (!owned.has(id)) refused.push(refusalOf(id, 'deposit.not_found', { id }))
        else if (join(socket, id)) joined.push(id)
        else refused.push(refusalOf(id, 'socket.too_many_watches', { max: watchesMax }))
      }
      const fresh = await readDeposits.many(actor, joined)
      for (const deposit of fresh) follow(deposit)
      const balances = (await wallets.balances(actor.userId)).map(viewBalance)
      return { deposits: fresh.map(view), refused, balances, serverTime: clock.now().toISOString() }
    },
  }

  return {
    handlers,

    /** A room that got its first socket here needs ticks; an empty one does not. */
    onRoomEmptied(room: string): void {
      const depositId = depositRoomPattern.exec(room)?.[1]
      if (depositId !== undefined) ticker.unwatch(depositId)
    },

    async onRoomOpened(room: string): Promise<void> {
      const depositId = depositRoomPattern.exec(room)?.[1]
      if (depositId === undefined || ticker.isWatching(depositId)) return
      const deposit = await deposits.find(depositId)
      if (deposit !== null) follow(deposit)
    },

    /** A deposit that ended needs no more ticks here, whichever node ended it. */
    onSent(event: string, payload: unknown): void {
      if (event !== 'deposit:changed') return
      const { id, status, expiresAt } = payload as DepositView
      if (!ticker.isWatching(id)) return
      if (isOpen({ status })) ticker.watch({ id, status, expiresAt: new Date(expiresAt) })
      else ticker.unwatch(id)
    },

    /** Tells whoever listens, on every node. Balances are read once a batch, whatever the number of events. */
    async publish(events: readonly OutboxEvent[], realtime: Realtime): Promise<void> {
      const mine = events.flatMap((event) => {
        const known = fromOutboxEvent(event)
        return known === null ? [] : [{ id: event.id, event: known }]
      })
      const balances = await balancesAfter(mine.map(({ event }) => event))
      for (const { id, event } of mine) tell(id, event)

      function tell(eventId: string, event: PaymentsEvent): void {
        switch (event.type) {
          case 'deposit.changed': {
            const { deposit } = event
            realtime.emit([depositRoom(deposit.id), userRoom(deposit.ownerId)], 'deposit:changed', view(deposit))
            return
          }
          case 'payment.paid':
          case 'payment.expired':
          case 'payment.failed':
          case 'payment.canceled':
          case 'payment.reversed': {
            const { deposit } = event
            const result = outcomes[event.type]
            const payload = { eventId, depositId: deposit.id, result, deposit: view(deposit) }
            realtime.emit([depositRoom(deposit.id), userRoom(deposit.ownerId)], 'payment:result', payload)
            return
          }
          case 'wallet.changed': {
            const balance = balances.get(`${event.userId}:${event.currency}`)
            assert(balance !== undefined, 'a wallet that changed has a balance')
            const payload = {
              eventId,
              version: balance.version,
              balance: viewBalance(balance),
              serverTime: clock.now().toISOString(),
            }
            realtime.emit(userRoom(event.userId), 'wallet:changed', payload)
            return
          }
          default:
            unreachable(event)
        }
      }
    },
  }

  async function balancesAfter(events: readonly PaymentsEvent[]) {
    const changed = events.flatMap((event) => (event.type === 'wallet.changed' ? [event] : []))
    const found = await wallets.balancesOf(changed)
    return new Map(found.map((balance) => [`${balance.userId}:${balance.currency}`, balance]))
  }
}

type Refusal = ClientEvents['resume']['output']['refused'][number]

function refusalOf(depositId: string, code: Refusal['code'], details: Refusal['details']): Refusal {
  return { depositId, code, message: errorTable[code].message, details }
}

const outcomes = {
  'payment.paid': 'paid',
  'payment.expired': 'expired',
  'payment.failed': 'failed',
  'payment.canceled': 'canceled',
  'payment.reversed': 'reversed',
} as const
