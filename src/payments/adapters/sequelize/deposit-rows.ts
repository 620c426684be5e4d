import type { Currency } from '../../../kernel/money.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import { type Deposit, type DepositException, isOpen } from '../../domain/deposit.ts'
import type { DepositStatus } from '../../domain/deposit-status.ts'
import type { PaymentKind } from '../../domain/gateway.ts'

/** A row of `deposits` as it is read. */
export interface DepositRow {
  id: string
  owner_id: string
  status: DepositStatus
  exception: DepositException
  version: number
  amount_minor: Int64
  currency: Currency
  received_minor: Int64
  credited_minor: Int64
  part_minor: Int64
  in_review_minor: Int64
  taken_back_minor: Int64
  method: string
  gateway: string
  payment_kind: PaymentKind
  payment_label: string
  reference: string
  created_at_ms: Int64
  expires_at_ms: Int64
  settled_at_ms: Int64 | null
  next_check_at_ms: Int64 | null
  checks: number
}

export const depositColumns = [
  'id',
  'owner_id',
  'status',
  'exception',
  'version',
  'amount_minor',
  'currency',
  'received_minor',
  'credited_minor',
  'part_minor',
  'in_review_minor',
  'taken_back_minor',
  'method',
  'gateway',
  'payment_kind',
  'payment_label',
  'reference',
  'created_at_ms',
  'expires_at_ms',
  'settled_at_ms',
  'next_check_at_ms',
  'checks',
].join(', ')

const instant = (ms: Int64 | null) => (ms === null ? null : new Date(Number(ms)))

export function toDeposit(row: DepositRow): Deposit {
  return {
    id: row.id,
    ownerId: row.owner_id,
    status: row.status,
    exception: row.exception,
    version: row.version,
    amount: { minor: BigInt(row.amount_minor), currency: row.currency },
    receivedMinor: BigInt(row.received_minor),
    creditedMinor: BigInt(row.credited_minor),
    partMinor: BigInt(row.part_minor),
    inReviewMinor: BigInt(row.in_review_minor),
    takenBackMinor: BigInt(row.taken_back_minor),
    method: row.method,
    gateway: row.gateway,
    paymentKind: row.payment_kind,
    paymentLabel: row.payment_label,
    reference: row.reference,
    createdAt: new Date(Number(row.created_at_ms)),
    expiresAt: new Date(Number(row.expires_at_ms)),
    settledAt: instant(row.settled_at_ms),
    nextCheckAt: instant(row.next_check_at_ms),
    checks: row.checks,
  }
}

/** Kept beside the status: the index of the deposits to ask about needs one value for each kind. */
export function openFlag(deposit: Pick<Deposit, 'status'>): 0 | 1 {
  return isOpen(deposit) ? 1 : 0
}

/** What the model's `create` takes. */
export function fromDeposit(deposit: Deposit) {
  const { amount, createdAt, expiresAt, settledAt, nextCheckAt, ...plain } = deposit
  return {
    ...plain,
    amountMinor: amount.minor,
    currency: amount.currency,
    createdAtMs: createdAt.getTime(),
    expiresAtMs: expiresAt.getTime(),
    settledAtMs: settledAt?.getTime() ?? null,
    nextCheckAtMs: nextCheckAt?.getTime() ?? null,
    isOpen: openFlag(deposit),
  }
}
