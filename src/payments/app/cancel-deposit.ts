import type { Actor } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import { canBecome, type Deposit } from '../domain/deposit.ts'
import { cancel } from '../domain/deposit-endings.ts'
import { commitChange } from './commit-change.ts'
import type { PaymentsStore } from './ports.ts'

/**
 * Cancels a deposit that nobody has paid; canceling it again changes nothing. The janitor tells the gateway right after.
 * Throws `deposit.not_found` (also for somebody else's) and `deposit.transition_illegal`.
 */
export function cancelDeposit({ store, clock, ids }: { store: PaymentsStore; clock: Clock; ids: Ids }) {
  return async (actor: Actor, id: string): Promise<Deposit> => {
    const subject = `deposit:${id}`
    const by = `user:${actor.userId}`
    const { deposit, legal } = await store.transaction(async (tx) => {
      const current = await tx.deposits.lock(id)
      if (current === null || current.ownerId !== actor.userId)
        throw new DomainError('deposit.not_found', 'not_found', { id })
      if (current.status === 'canceled') return { deposit: current, legal: true }
      if (!canBecome(current, 'canceled')) {
        // Committed, not thrown: an illegal transition changes nothing, and is recorded.
        await tx.audit([
          {
            actor: by,
            action: 'deposit.transition_refused',
            subject,
            details: { from: current.status, to: 'canceled' },
          },
        ])
        return { deposit: current, legal: false }
      }
      const change = cancel({ ...current, nextCheckAt: clock.now() })
      await commitChange(tx, current, change, { actor: by, ids })
      return { deposit: change.deposit, legal: true }
    })
    if (!legal)
      throw new DomainError('deposit.transition_illegal', 'conflict', {
        from: deposit.status,
        to: 'canceled',
        depositId: id,
      })
    return deposit
  }
}
