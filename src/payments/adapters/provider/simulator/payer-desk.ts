import { z } from 'zod'
import type { Clock } from '../../../../kernel/clock.ts'
import type { ChargeReport, ChargeStatus, ProviderTakeback } from '../../../domain/gateway.ts'
import { type BehaviourSwitch, DeliveryWish, planSendings } from './behaviour.ts'
import { amountDue, amountLeft, type Charge, statusAt, withPayment, withStatus, withTakeback } from './charge.ts'
import type { ChargeStore } from './charge-store.ts'
import type { Deliveries } from './deliveries.ts'
import { Refusal } from './refusal.ts'
import { CurrencyCode, Instant, PositiveMinor } from './wire.ts'

/** A tester may write an amount as a number too. */
const amountMinor = z
  .preprocess((given) => (Number.isSafeInteger(given) ? String(given) : given), PositiveMinor)
  .optional()

export const PayBody = DeliveryWish.extend({
  amountMinor,
  currency: CurrencyCode.optional(),
  paidAt: Instant.optional(),
})
export const TakebackBody = DeliveryWish.extend({ amountMinor, currency: CurrencyCode.optional() })

/** What a tester gets back: the charge as it now stands, and the notice that is on its way. */
export interface Receipt {
  readonly charge: Charge
  readonly eventId: string
  readonly sendings: number
}

interface PayerDeskOptions {
  readonly charges: ChargeStore
  readonly deliveries: Deliveries
  readonly behaviour: BehaviourSwitch
  readonly clock: Clock
  readonly newId: () => string
  readonly random: () => number
}

export type PayerDesk = ReturnType<typeof createPayerDesk>

/** What payers and the provider do to a charge. Each change is kept first and told then. */
export function createPayerDesk({ charges, deliveries, behaviour, clock, newId, random }: PayerDeskOptions) {
  /** Pays what is due, now, unless told otherwise. A forged notice tells of a payment that nobody made. */
  async function pay(found: Charge, given: z.output<typeof PayBody>): Promise<Receipt> {
    const payment = {
      transactionId: newId(),
      minor: given.amountMinor ?? amountDue(found),
      currency: given.currency ?? found.amount.currency,
      paidAt: given.paidAt ?? clock.now(),
    }
    const paid = withPayment(found, payment)
    const charge = given.deliver === 'forged' ? found : paid
    if (charge === paid) await charges.put(paid)
    return announce(charge, { status: statusAt(paid, clock.now()), payments: [payment] }, given)
  }

  /** Gives a part of what was paid back to the payer; all that is left of the charge's currency by default. */
  async function refund(found: Charge, given: z.output<typeof TakebackBody>): Promise<Receipt> {
    const currency = given.currency ?? found.amount.currency
    const minor = given.amountMinor ?? amountLeft(found, currency)
    if (minor === 0n) throw nothingLeft()
    return takeBack(found, [{ transactionId: newId(), kind: 'refund', minor, currency }], given)
  }

  /** Takes back whatever was paid and has not gone back yet, in every currency. */
  async function reverse(found: Charge, wish: DeliveryWish): Promise<Receipt> {
    const currencies = [...new Set(found.payments.map(({ currency }) => currency))]
    const takebacks = currencies
      .map((currency) => ({ currency, minor: amountLeft(found, currency) }))
      .filter(({ minor }) => minor > 0n)
      .map((left) => ({ transactionId: newId(), kind: 'reversal' as const, ...left }))
    if (takebacks.length === 0) throw nothingLeft()
    return takeBack(found, takebacks, wish)
  }

  async function takeBack(found: Charge, takebacks: readonly ProviderTakeback[], wish: DeliveryWish) {
    const charge = takebacks.reduce(withTakeback, found)
    await charges.put(charge)
    return announce(charge, { status: statusAt(charge, clock.now()), takebacks }, wish)
  }

  /** Tells the status even of a charge that is paid and stays so: a provider's late or mistaken notice. */
  async function mark(found: Charge, status: ChargeStatus, wish: DeliveryWish): Promise<Receipt> {
    const charge = withStatus(found, status)
    await charges.put(charge)
    return announce(charge, { status }, wish)
  }

  function announce(
    charge: Charge,
    news: Partial<ChargeReport> & Pick<ChargeReport, 'status'>,
    { deliver, delayMs }: DeliveryWish,
  ): Receipt {
    const { chargeId, reference } = charge
    const eventId = newId()
    const sendings = planSendings(behaviour.current(), { deliver, delayMs }, random)
    deliveries.send({ eventId, chargeId, reference, payments: [], takebacks: [], ...news }, sendings)
    return { charge, eventId, sendings: sendings.length }
  }

  return { pay, refund, reverse, mark }
}

function nothingLeft(): Refusal {
  return new Refusal(409, 'amount.nothing_left', 'nothing was paid that could go back')
}
