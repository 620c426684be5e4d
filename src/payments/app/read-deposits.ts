import type { Actor } from '../../kernel/actor.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { Page, PageRequest } from '../../kernel/page.ts'
import type { Deposit } from '../domain/deposit.ts'
import type { DepositStatus } from '../domain/deposit-status.ts'
import type { AuditEntry, PaymentsStore } from './ports.ts'

const storyMaxSteps = 500

/** What an owner may read of deposits. Somebody else's deposit is as good as none: `deposit.not_found`. */
export function readDeposits({ store }: { store: PaymentsStore }) {
  async function get(actor: Actor, id: string): Promise<Deposit> {
    const deposit = await store.deposits.find(id)
    if (deposit === null || deposit.ownerId !== actor.userId)
      throw new DomainError('deposit.not_found', 'not_found', { id })
    return deposit
  }
  return {
    get,
    list: (actor: Actor, page: PageRequest, status: DepositStatus | null): Promise<Page<Deposit>> =>
      store.deposits.ofOwner(actor.userId, page, status),
    many: (actor: Actor, ids: readonly string[]): Promise<Deposit[]> => store.deposits.manyOfOwner(actor.userId, ids),
    async timeline(actor: Actor, id: string): Promise<(Omit<AuditEntry, 'subject'> & { at: Date })[]> {
      await get(actor, id)
      return store.deposits.story(id, storyMaxSteps)
    },
  }
}
