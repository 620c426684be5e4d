import type { BalanceView, DepositMethodView, DepositView, TimelineEntry, TransactionView } from '#contract'
import type { Currency } from '../../kernel/money.ts'
import type { AuditEntry, Balance, WalletTransaction } from '../app/ports.ts'
import type { Deposit } from '../domain/deposit.ts'
import { type DepositStatus, depositStatuses } from '../domain/deposit-status.ts'
import type { DepositMethod } from '../domain/gateway.ts'

/** What clients see of a deposit. */
export function viewDeposit(deposit: Deposit, now: Date): DepositView {
  const { id, status, exception, version, amount, method, createdAt, expiresAt, settledAt } = deposit
  const confirmed = status !== 'created'
  return {
    id,
    status,
    exception,
    version,
    amount: { minor: amount.minor.toString(), currency: amount.currency },
    received: { minor: deposit.receivedMinor.toString(), currency: amount.currency },
    method,
    payment: confirmed
      ? { kind: deposit.paymentKind, reference: deposit.reference, label: deposit.paymentLabel }
      : null,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    settledAt: settledAt?.toISOString() ?? null,
    serverTime: now.toISOString(),
  }
}

export function viewMethod({
  method,
  kind,
  label,
  currency,
  minMinor,
  maxMinor,
  ttlMs,
}: DepositMethod): DepositMethodView {
  return { method, kind, label, currency, minMinor: minMinor.toString(), maxMinor: maxMinor.toString(), ttlMs }
}

/** Wallets only ever hold currencies that deposits and transfers take. */
export function viewBalance({ currency, postedMinor, heldMinor, owedMinor, version }: Balance): BalanceView {
  return {
    currency: currency as Currency,
    posted: postedMinor.toString(),
    held: heldMinor.toString(),
    available: (postedMinor - heldMinor).toString(),
    owed: owedMinor.toString(),
    version,
  }
}

export function viewTransaction(transaction: WalletTransaction, handles: ReadonlyMap<string, string>): TransactionView {
  const { id, kind, minor, currency, counterpartyId, note, reference, createdAt } = transaction
  return {
    id,
    kind: kind === 'suspension' ? 'deposit' : kind,
    amount: { minor: minor.toString(), currency: currency as Currency },
    counterparty: counterpartyId === null ? null : (handles.get(counterpartyId) ?? null),
    note,
    reference,
    createdAt: createdAt.toISOString(),
  }
}

export function viewStep({ at, action, actor, details }: Omit<AuditEntry, 'subject'> & { at: Date }): TimelineEntry {
  const { status, ...particulars } = details
  const known = (depositStatuses as readonly unknown[]).includes(status)
  return {
    at: at.toISOString(),
    type: action,
    actor: actor.startsWith('user:') ? 'user' : actor.startsWith('staff:') ? 'staff' : actor,
    status: known ? (status as DepositStatus) : null,
    details: particulars,
  }
}
