import type { OutboxEvent } from '../../../platform/outbox.ts'
import type { PaymentsEvent } from '../../app/ports.ts'
import type { Deposit } from '../../domain/deposit.ts'

/** How the events of this context are written to the outbox. Amounts travel as digits, times as ISO strings. */
export function toOutboxEvent(event: PaymentsEvent): Omit<OutboxEvent, 'id'> {
  if (event.type === 'wallet.changed') {
    const { type, userId, currency } = event
    return { type, subject: `user:${userId}`, payload: { userId, currency } }
  }
  const { type, deposit } = event
  return { type, subject: `deposit:${deposit.id}`, payload: { deposit: plain(deposit) } }
}

/** Null for events of other contexts. */
export function fromOutboxEvent({ type, payload }: OutboxEvent): PaymentsEvent | null {
  switch (type) {
    case 'wallet.changed':
      return { type, ...(payload as { userId: string; currency: string }) }
    case 'deposit.changed':
    case 'payment.paid':
    case 'payment.expired':
    case 'payment.failed':
    case 'payment.canceled':
    case 'payment.reversed':
      return { type, deposit: revived((payload as { deposit: PlainDeposit }).deposit) }
    default:
      return null
  }
}

type PlainDeposit = ReturnType<typeof plain>

function plain(deposit: Deposit) {
  return {
    ...deposit,
    amount: { minor: deposit.amount.minor.toString(), currency: deposit.amount.currency },
    receivedMinor: deposit.receivedMinor.toString(),
    creditedMinor: deposit.creditedMinor.toString(),
    partMinor: deposit.partMinor.toString(),
    inReviewMinor: deposit.inReviewMinor.toString(),
    takenBackMinor: deposit.takenBackMinor.toString(),
    createdAt: deposit.createdAt.toISOString(),
    expiresAt: deposit.expiresAt.toISOString(),
    settledAt: deposit.settledAt?.toISOString() ?? null,
    nextCheckAt: deposit.nextCheckAt?.toISOString() ?? null,
  }
}

function revived(stored: PlainDeposit): Deposit {
  return {
    ...stored,
    amount: { minor: BigInt(stored.amount.minor), currency: stored.amount.currency },
    receivedMinor: BigInt(stored.receivedMinor),
    creditedMinor: BigInt(stored.creditedMinor),
    partMinor: BigInt(stored.partMinor),
    inReviewMinor: BigInt(stored.inReviewMinor),
    takenBackMinor: BigInt(stored.takenBackMinor),
    createdAt: new Date(stored.createdAt),
    expiresAt: new Date(stored.expiresAt),
    settledAt: stored.settledAt === null ? null : new Date(stored.settledAt),
    nextCheckAt: stored.nextCheckAt === null ? null : new Date(stored.nextCheckAt),
  }
}
