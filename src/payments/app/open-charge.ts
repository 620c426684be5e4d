import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import { confirmCharge, type Deposit } from '../domain/deposit.ts'
import { unchanged } from '../domain/deposit-change.ts'
import { fail } from '../domain/deposit-endings.ts'
import { commitChange } from './commit-change.ts'
import type { Gateway } from './gateway-port.ts'
import type { PaymentsPolicy } from './policy.ts'
import type { Gateways, PaymentsStore } from './ports.ts'

interface OpenChargeDeps {
  readonly store: PaymentsStore
  readonly clock: Clock
  readonly ids: Ids
  readonly gateways: Gateways
  readonly policy: PaymentsPolicy
}

/**
 * Asks the gateway for the charge of a deposit that is `created`, and moves it to `pending`, or to `failed` when the
 * gateway refuses. The gateway makes one charge however often it is asked, so anybody may try again: the caller whose
 * answer got lost, a second caller with the same key, the janitor. Throws `gateway.unavailable`.
 */
export function openCharge({ store, clock, ids, gateways, policy }: OpenChargeDeps) {
  const underWay = new Map<string, Promise<Deposit>>()

  return (deposit: Deposit): Promise<Deposit> => {
    const shared = underWay.get(deposit.id)
    if (shared !== undefined) return shared
    const attempt = open(deposit).finally(() => underWay.delete(deposit.id))
    underWay.set(deposit.id, attempt)
    return attempt
  }

  async function open(deposit: Deposit): Promise<Deposit> {
    const gateway = gateways.get(deposit.gateway)
    if (gateway === undefined)
      throw new DomainError('gateway.unavailable', 'unavailable', { provider: deposit.gateway })
    const { id: chargeId, method, reference, amount, expiresAt } = deposit
    try {
      if (expiresAt <= clock.now()) return await settleFate(chargeId, await referenceIfKnown(gateway, deposit))
      const charge = await gateway.createCharge({ chargeId, method, reference, amount, expiresAt })
      return await settleFate(chargeId, charge.reference)
    } catch (error) {
      if (error instanceof DomainError && error.code === 'gateway.refused') return settleFate(chargeId, null)
      throw error
    }
  }

  /** Too late to open it; if an earlier request reached the gateway after all, the payer may have paid. */
  async function referenceIfKnown(gateway: Gateway, { id, reference }: Deposit): Promise<string | null> {
    try {
      return (await gateway.findCharge(id)) === null ? null : reference
    } catch {
      // Silence of the gateway must not keep a deposit open past its end. Money that shows up later gets a case.
      return null
    }
  }

  async function settleFate(id: string, reference: string | null): Promise<Deposit> {
    return store.transaction(async (tx) => {
      const current = await tx.deposits.lock(id)
      if (current === null) throw new DomainError('deposit.not_found', 'not_found')
      if (current.status !== 'created') return current
      const change =
        reference === null
          ? fail(current, 'the gateway did not open the charge')
          : {
              ...unchanged(confirmCharge(current, reference, policy.lateWatchMs)),
              steps: [{ action: 'deposit.pending', details: { reference } }],
            }
      await commitChange(tx, current, change, { actor: `provider:${current.gateway}`, ids })
      return change.deposit
    })
  }
}
