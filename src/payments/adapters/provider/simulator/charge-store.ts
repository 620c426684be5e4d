import type { Charge } from './charge.ts'
import { Refusal } from './refusal.ts'

export interface ChargeStore {
  readonly size: number
  all(): Iterable<Charge>
  find(chargeId: string): Charge | undefined
  /** Throws a 404 that says what is unknown. */
  get(chargeId: string): Charge
  /** The youngest charge on a reference: references are used again. Throws a 404. */
  newestOn(reference: string): Charge
  /** The charge counts at once for who asks; the promise resolves when it would survive a crash. */
  put(charge: Charge): Promise<void>
}

interface ChargeStoreOptions {
  readonly charges: Iterable<Charge>
  /** The oldest charges beyond this many are forgotten. */
  readonly chargesMax: number
  readonly save: (charge: Charge) => Promise<void>
}

/** Charges in memory, in the order in which they were made. */
export function createChargeStore({ charges, chargesMax, save }: ChargeStoreOptions): ChargeStore {
  const byId = new Map<string, Charge>()
  const newestIds = new Map<string, string>()

  function keep(charge: Charge) {
    if (!byId.has(charge.chargeId)) newestIds.set(charge.reference, charge.chargeId)
    byId.set(charge.chargeId, charge)
    if (byId.size > chargesMax) forgetOldest()
  }

  function forgetOldest() {
    for (const oldest of byId.values()) {
      byId.delete(oldest.chargeId)
      if (newestIds.get(oldest.reference) === oldest.chargeId) newestIds.delete(oldest.reference)
      return
    }
  }

  for (const charge of charges) keep(charge)

  function get(chargeId: string): Charge {
    const charge = byId.get(chargeId)
    if (!charge) throw new Refusal(404, 'charge.unknown', 'there is no charge with this id')
    return charge
  }

  return {
    get size() {
      return byId.size
    },
    all: () => byId.values(),
    find: (chargeId) => byId.get(chargeId),
    get,
    newestOn(reference) {
      const chargeId = newestIds.get(reference)
      if (chargeId === undefined) throw new Refusal(404, 'charge.unknown', 'there is no charge on this reference')
      return get(chargeId)
    },
    put(charge) {
      keep(charge)
      return save(charge)
    },
  }
}
