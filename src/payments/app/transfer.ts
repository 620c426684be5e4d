import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Money } from '../../kernel/money.ts'
import { creditEntries, posting, wallet } from '../domain/ledger.ts'
import { answerOnce } from './answer-once.ts'
import type { PaymentsPolicy } from './policy.ts'
import type { PaymentsStore, PaymentsTx, UserDirectory, WalletTransaction } from './ports.ts'

export interface TransferCommand {
  readonly to: string
  readonly amount: Money
  readonly note: string | null
  readonly idempotencyKey: string
}

interface TransferDeps {
  readonly store: PaymentsStore
  readonly ids: Ids
  readonly directory: UserDirectory
  readonly policy: PaymentsPolicy
}

/**
 * Moves money from the actor's wallet to another user's, at once. The same key and input gets the first transaction
 * again. Throws `wallet.insufficient_funds`, `wallet.recipient_not_found`, `wallet.transfer_to_self`,
 * `wallet.amount_out_of_range`, `idempotency.mismatch`.
 */
export function transfer({ store, ids, directory, policy }: TransferDeps) {
  return async (actor: Actor, command: TransferCommand): Promise<WalletTransaction> => {
    const { to, amount, note, idempotencyKey } = command
    const id = ids.next()
    const recipient = await directory.findUser(to)
    return answerOnce(store, {
      key: {
        scope: { actorId: actor.userId, command: 'wallet.transfer', key: idempotencyKey },
        // The recipient as asked for: whom a handle stands for may change.
        input: { to: to.trim().toLowerCase(), minor: amount.minor, currency: amount.currency, note },
      },
      id,
      check: () => allowed(actor, amount, recipient),
      make: (tx, recipientId) => move(tx, id, actor.userId, recipientId, command),
      find: (first) => storedTransfer(actor.userId, first),
    })
  }

  function allowed(actor: Actor, amount: Money, recipient: { id: string } | null): string {
    const { transferMaxMinor } = policy
    if (amount.minor > transferMaxMinor)
      throw new DomainError('wallet.amount_out_of_range', 'invalid', {
        field: 'amount.minor',
        maxMinor: transferMaxMinor.toString(),
      })
    if (recipient === null) throw new DomainError('wallet.recipient_not_found', 'not_found', { field: 'to' })
    if (recipient.id === actor.userId) throw new DomainError('wallet.transfer_to_self', 'invalid', { field: 'to' })
    return recipient.id
  }

  async function move(
    tx: PaymentsTx,
    id: string,
    senderId: string,
    recipientId: string,
    { amount: { minor, currency }, note }: TransferCommand,
  ): Promise<WalletTransaction> {
    const owed = await tx.ledger.owedMinor(recipientId, currency)
    const entries = [
      { account: wallet(senderId, currency), minor: -minor },
      ...creditEntries(recipientId, currency, minor, owed),
    ]
    const createdAt = await tx.ledger.post({ id, ...posting('transfer', null, entries, note) })
    const details = { to: recipientId, minor: minor.toString(), currency }
    await tx.audit([{ actor: `user:${senderId}`, action: 'wallet.transferred', subject: `posting:${id}`, details }])
    await tx.announce([
      { type: 'wallet.changed', userId: senderId, currency },
      { type: 'wallet.changed', userId: recipientId, currency },
    ])
    const moved = { id, kind: 'transfer' as const, minor: -minor, currency, note, reference: null, createdAt }
    return { ...moved, counterpartyId: recipientId }
  }

  async function storedTransfer(userId: string, id: string): Promise<WalletTransaction> {
    const first = await store.wallets.transaction(userId, id)
    if (first === null) throw new Error(`an idempotency key points at posting ${id}, which is not there`)
    return first
  }
}
