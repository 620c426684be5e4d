import type { DepositStatus, DepositView, ServerEvents } from '../api.ts'
import type { DepositResult, DepositResultKind } from './surface.ts'

type PaymentResult = ServerEvents['payment:result']

const resultOf: Partial<Record<DepositStatus, DepositResultKind>> = {
  settled: 'paid',
  partially_refunded: 'paid',
  refunded: 'paid',
  expired: 'expired',
  failed: 'failed',
  canceled: 'canceled',
  reversed: 'reversed',
}

/** Null while the deposit may still be paid. */
export function resultIn(deposit: DepositView): DepositResultKind | null {
  return resultOf[deposit.status] ?? null
}

/** What is known of one deposit. Versions only grow: older news never replaces newer. */
export interface DepositRecord {
  readonly deposit: DepositView | null
  readonly result: DepositResult | null
  /** Version at which `result` was reached. */
  readonly resultVersion: number
  /** The newest events taken in; each is delivered at least once. */
  readonly eventIds: readonly string[]
}

const eventIdsMax = 20

export const unknownDeposit: DepositRecord = { deposit: null, result: null, resultVersion: 0, eventIds: [] }

export function withDeposit(record: DepositRecord, deposit: DepositView): DepositRecord {
  return record.deposit && deposit.version <= record.deposit.version ? record : { ...record, deposit }
}

/** An event counts once, when it is newer than the last result and says something else. */
export function withResult(record: DepositRecord, { eventId, result, deposit }: PaymentResult): DepositRecord {
  if (record.eventIds.includes(eventId)) return record
  const eventIds = [...record.eventIds.slice(1 - eventIdsMax), eventId]
  return concluded(withDeposit({ ...record, eventIds }, deposit), eventId, result, deposit)
}

/** A snapshot also tells the result whose event was missed. */
export function withSnapshot(record: DepositRecord, deposit: DepositView): DepositRecord {
  const result = resultIn(deposit)
  const known = withDeposit(record, deposit)
  return result ? concluded(known, null, result, deposit) : known
}

function concluded(
  record: DepositRecord,
  eventId: string | null,
  result: DepositResultKind,
  { id, version }: DepositView,
) {
  if (!record.deposit || (record.result && (version <= record.resultVersion || record.result.result === result)))
    return record
  const { deposit } = record
  return { ...record, result: { depositId: id, result, deposit, eventId }, resultVersion: version }
}
