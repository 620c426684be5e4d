import type { Ids } from '../../kernel/ids.ts'
import type { Deposit } from '../domain/deposit.ts'
import type { DepositChange, Movement, Step } from '../domain/deposit-change.ts'
import type { ChargeReport } from '../domain/gateway.ts'
import { claim, clearing, creditEntries, debitEntries, type Entry, posting, suspense } from '../domain/ledger.ts'
import type { AuditEntry, BookedTransaction, PaymentsEvent, PaymentsTx } from './ports.ts'

/**
 * Writes everything that a decision comes to: the deposit, its postings, cases, story and events. They commit together
 * with the caller's transaction, or not at all.
 */
export async function commitChange(
  tx: PaymentsTx,
  previous: Deposit,
  change: DepositChange,
  by: { actor: string; ids: Ids; report?: ChargeReport },
): Promise<void> {
  const { deposit, movements, steps, cases, caseChanges } = change
  const booked: BookedTransaction[] = []
  for (const movement of movements) {
    const postingId = by.ids.next()
    booked.push(bookedTransaction(deposit, movement, postingId, by.report))
    const entries = [
      { account: clearing(deposit.gateway, movement.currency), minor: -movement.receivedMinor },
      { account: suspense(movement.currency), minor: movement.suspendedMinor },
      { account: claim(deposit.gateway, movement.currency), minor: -movement.claimedMinor },
      ...(await ownerEntries(tx, deposit.ownerId, movement)),
    ]
    await tx.ledger.post({ id: postingId, ...posting(movement.kind, deposit.id, entries) })
  }
  if (booked.length > 0) await tx.transactions.book(booked)
  for (const entry of caseChanges) await tx.cases.change(entry)
  if (cases.length > 0)
    await tx.cases.open(
      cases.map((entry) => ({ ...entry, id: by.ids.next(), depositId: deposit.id, provider: deposit.gateway })),
    )
  // Last, for the parts that came to light in this very change.
  if (movements.some(({ releasesParts }) => releasesParts)) {
    await tx.transactions.releaseParts(deposit.id)
    await tx.cases.closePartial(deposit.id)
  }
  await tx.audit(auditOf(deposit, steps, by.actor))
  if (deposit.version !== previous.version) {
    await tx.deposits.update(previous, deposit)
    await tx.announce(eventsOf(change))
  }
}

/** The steps as they stand in the deposit's story. */
export function auditOf(deposit: Deposit, steps: readonly Step[], actor: string): AuditEntry[] {
  return steps.map(({ action, details }) => ({
    actor,
    action,
    subject: `deposit:${deposit.id}`,
    details: { ...details, status: deposit.status },
  }))
}

async function ownerEntries(tx: PaymentsTx, ownerId: string, { ownerMinor, currency }: Movement): Promise<Entry[]> {
  if (ownerMinor > 0n) return creditEntries(ownerId, currency, ownerMinor, await tx.ledger.owedMinor(ownerId, currency))
  if (ownerMinor < 0n)
    return debitEntries(ownerId, currency, -ownerMinor, await tx.ledger.lockAvailableMinor(ownerId, currency))
  return []
}

function bookedTransaction(
  deposit: Deposit,
  movement: Movement,
  postingId: string,
  report: ChargeReport | undefined,
): BookedTransaction {
  const { transactionId, currency, receivedMinor, outsideMinor, disposition, kind } = movement
  const arrived = receivedMinor > 0n
  return {
    provider: deposit.gateway,
    transactionId,
    depositId: deposit.id,
    kind: arrived ? 'payment' : kind === 'reversal' ? 'reversal' : 'refund',
    minor: arrived ? receivedMinor : -receivedMinor,
    currency,
    paidAt: report?.payments.find((payment) => payment.transactionId === transactionId)?.paidAt ?? null,
    disposition,
    outsideMinor,
    postingId,
  }
}

/** What a change tells the world. */
export function eventsOf({ deposit, movements, outcomes }: DepositChange): PaymentsEvent[] {
  const { ownerId } = deposit
  const touched = new Set(movements.filter(({ ownerMinor }) => ownerMinor !== 0n).map(({ currency }) => currency))
  return [
    { type: 'deposit.changed', deposit },
    ...outcomes.map((outcome): PaymentsEvent => ({ type: `payment.${outcome}`, deposit })),
    ...[...touched].map((currency): PaymentsEvent => ({ type: 'wallet.changed', userId: ownerId, currency })),
  ]
}
