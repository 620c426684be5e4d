import type { Actor } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Money } from '../../kernel/money.ts'
import { checkAmount, type Deposit, newDeposit } from '../domain/deposit.ts'
import type { DepositMethod } from '../domain/gateway.ts'
import { answerOnce } from './answer-once.ts'
import type { openCharge } from './open-charge.ts'
import type { PaymentsPolicy } from './policy.ts'
import type { AddressUse, Gateways, PaymentsStore, PaymentsTx } from './ports.ts'

export interface NewDepositCommand {
  readonly amount: Money
  readonly method: string
  readonly idempotencyKey: string
}

interface CreateDepositDeps {
  readonly store: PaymentsStore
  readonly clock: Clock
  readonly ids: Ids
  readonly gateways: Gateways
  readonly policy: PaymentsPolicy
  readonly openCharge: ReturnType<typeof openCharge>
}

/** How often a freshly made reference may turn out to be taken before we give up. */
const referenceTriesMax = 5
/** Addresses whose time is over are let go of every few seconds, and later while a payment is being processed. */
const leastWaitMs = 5_000

/**
 * Opens a deposit with a payment address of its own and asks its gateway to collect. The same key and input gets the
 * first deposit again. Throws `deposit.method_unknown`, `deposit.amount_out_of_range`, `deposit.currency_mismatch`,
 * `deposit.too_many_open`, `deposit.too_many_addresses`, `deposit.address_exhausted`, `idempotency.mismatch`,
 * `gateway.unavailable`.
 */
export function createDeposit({ store, clock, ids, gateways, policy, openCharge }: CreateDepositDeps) {
  return async (actor: Actor, { amount, method, idempotencyKey }: NewDepositCommand): Promise<Deposit> => {
    const id = ids.next()
    const deposit = await answerOnce(store, {
      key: {
        scope: { actorId: actor.userId, command: 'deposits.create', key: idempotencyKey },
        input: { minor: amount.minor, currency: amount.currency, method },
      },
      id,
      check: () => methodFor(amount, method),
      make: (tx, allowed) => open(tx, actor, id, amount, allowed),
      find: firstDeposit,
    })
    return deposit.status === 'created' ? openCharge(deposit) : deposit
  }

  function methodFor(amount: Money, name: string): DepositMethod {
    const method = gateways.methods().find((entry) => entry.method === name)
    if (method === undefined)
      throw new DomainError('deposit.method_unknown', 'invalid', { field: 'method', method: name })
    checkAmount(amount, method)
    return method
  }

  async function open(
    tx: PaymentsTx,
    actor: Actor,
    id: string,
    amount: Money,
    method: DepositMethod,
  ): Promise<Deposit> {
    const ownerId = actor.userId
    await requireRoom(tx, ownerId)
    const now = clock.now()
    const heldUntil = new Date(now.getTime() + method.ttlMs + policy.lateWatchMs)
    const reference = await takeAddress(tx, method, { depositId: id, ownerId, heldUntil })
    const deposit = newDeposit({ id, ownerId, amount, method, reference, now })
    await tx.deposits.insert(deposit)
    const details = {
      minor: amount.minor.toString(),
      currency: amount.currency,
      method: method.method,
      reference,
      status: deposit.status,
    }
    await tx.audit([{ actor: `user:${ownerId}`, action: 'deposit.created', subject: `deposit:${id}`, details }])
    await tx.announce([{ type: 'deposit.changed', deposit }])
    return deposit
  }

  /** Deposits that one owner opens at once are counted one after the other, or all of them would find room. */
  async function requireRoom(tx: PaymentsTx, ownerId: string): Promise<void> {
    await tx.deposits.lockOwner(ownerId)
    const { depositsOpenPerUserMax, addressesPerUserMax } = policy
    if ((await tx.deposits.countOpen(ownerId)) >= depositsOpenPerUserMax)
      throw new DomainError('deposit.too_many_open', 'conflict', { max: depositsOpenPerUserMax })
    const { count, firstUntil } = await tx.addresses.heldBy(ownerId)
    if (count < addressesPerUserMax) return
    const waitMs = (firstUntil?.getTime() ?? 0) - clock.now().getTime()
    const retryAfterMs = Math.max(waitMs, leastWaitMs)
    throw new DomainError('deposit.too_many_addresses', 'rate_limited', { max: addressesPerUserMax, retryAfterMs })
  }

  async function takeAddress(tx: PaymentsTx, method: DepositMethod, use: AddressUse): Promise<string> {
    const rested = await tx.addresses.allocate(method.method, use)
    if (rested !== null) return rested
    const gateway = gateways.get(method.gateway)
    if (gateway !== undefined && (await tx.addresses.count(method.method)) < policy.addressesMax) {
      for (let tries = 0; tries < referenceTriesMax; tries++) {
        const reference = gateway.issueReference(method.method)
        if (await tx.addresses.issue(method.method, reference, use)) return reference
      }
    }
    throw new DomainError('deposit.address_exhausted', 'unavailable', { method: method.method })
  }

  async function firstDeposit(id: string): Promise<Deposit> {
    const first = await store.deposits.find(id)
    if (first === null) throw new Error(`an idempotency key points at deposit ${id}, which is not there`)
    return first
  }
}
