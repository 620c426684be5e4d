import type { Actor } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Money } from '../../kernel/money.ts'
import { creditEntries, posting, wallet } from '../domain/ledger.ts'
import type { PaymentsPolicy } from './policy.ts'
import type { PaymentsStore, UserDirectory, WalletTransaction } from './ports.ts'

export interface TransferCommand {
  readonly to: string
  readonly amount: Money
  readonly note: string | null
  readonly idempotencyKey: string
}

interface TransferDeps {
  readonly store: PaymentsStore
  readonly clock: Clock
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
  return async (actor: Actor, { to, amount, note, idempotencyKey }: TransferCommand): Promise<WalletTransaction> => {
    const { minor, currency } = amount
    if (minor > policy.transferMaxMinor)
      throw new DomainError('wallet.amount_out_of_range', 'invalid', {
        field: 'amount.minor',
        maxMinor: policy.transferMaxMinor.toString(),
      })
    const recipient = await directory.findUser(to)
    if (recipient === null) throw new DomainError('wallet.recipient_not_found', 'not_found', { field: 'to' })
    if (recipient.id === actor.userId) throw new DomainError('wallet.transfer_to_self', 'invalid', { field: 'to' })

    const id = ids.next()
    const scope = { actorId: actor.userId, command: 'wallet.transfer', key: idempotencyKey }
    const input = { to: recipient.id, minor, currency, note }
    const made = await store.transaction(async (tx) => {
      const earlier = await tx.claimKey(scope, input, id)
      if (earlier !== null) return earlier
      const owed = await tx.ledger.owedMinor(recipient.id, currency)
      const entries = [
        { account: wallet(actor.userId, currency), minor: -minor },
        ...creditEntries(recipient.id, currency, minor, owed),
      ]
      const createdAt = await tx.ledger.post({ id, ...posting('transfer', null, entries, note) })
      const details = { to: recipient.id, minor: minor.toString(), currency }
      await tx.audit([
        { actor: `user:${actor.userId}`, action: 'wallet.transferred', subject: `posting:${id}`, details },
      ])
      await tx.announce([
        { type: 'wallet.changed', userId: actor.userId, currency },
        { type: 'wallet.changed', userId: recipient.id, currency },
      ])
      return createdAt
    })
    if (typeof made === 'string') return storedTransfer(actor.userId, made)
    return {
      id,
      kind: 'transfer',
      minor: -minor,
      currency,
      counterpartyId: recipient.id,
      note,
      reference: null,
      createdAt: made,
    }
  }

  async function storedTransfer(userId: string, id: string): Promise<WalletTransaction> {
    const first = await store.wallets.transaction(userId, id)
    if (first === null) throw new Error(`an idempotency key points at posting ${id}, which is not there`)
    return first
  }
}
