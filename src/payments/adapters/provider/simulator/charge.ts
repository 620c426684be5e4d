import { z } from 'zod'
import type { ChargeStatus, ProviderPayment, ProviderTakeback } from '../../../domain/gateway.ts'
import { Refusal } from './refusal.ts'
import { CurrencyCode, Identifier, Instant, Minor, Payment, Reference, Status, Takeback } from './wire.ts'

/** Money that was given back because we asked for it: no takeback, since nobody took it from us. */
const Refund = z.object({ refundId: Identifier, transactionId: Identifier, minor: Minor, currency: CurrencyCode })
type Refund = Readonly<z.output<typeof Refund>>

/** A charge as it is kept; the schema reads it back from the state file. */
export const Charge = z
  .object({
    chargeId: Identifier,
    method: z.string(),
    reference: Reference,
    amount: z.object({ minor: Minor, currency: CurrencyCode }).readonly(),
    expiresAt: Instant,
    createdAt: Instant,
    status: Status,
    payments: z.array(Payment).readonly(),
    takebacks: z.array(Takeback).readonly(),
    refunds: z.array(Refund).readonly(),
  })
  .readonly()
export type Charge = z.output<typeof Charge>

export type NewCharge = Pick<Charge, 'chargeId' | 'method' | 'reference' | 'amount' | 'expiresAt'>

const movementsMax = 1000

export function openCharge(asked: NewCharge, createdAt: Date): Charge {
  return { ...asked, createdAt, status: 'open', payments: [], takebacks: [], refunds: [] }
}

/** Whether a repeated request asks for what this charge is. */
export function isSameCharge(charge: Charge, asked: NewCharge): boolean {
  const terms = ({ method, reference, amount, expiresAt }: NewCharge) =>
    JSON.stringify([method, reference, amount.minor.toString(), amount.currency, expiresAt.getTime()])
  return terms(charge) === terms(asked)
}

/** An open charge is over by itself once its time has passed. */
export function statusAt(charge: Charge, now: Date): ChargeStatus {
  return charge.status === 'open' && now >= charge.expiresAt ? 'expired' : charge.status
}

/** Takes a payment in any state and of any currency, as a bank does; it is paid once its own currency covers it. */
export function withPayment(charge: Charge, payment: ProviderPayment): Charge {
  requireRoom(charge)
  const payments = [...charge.payments, payment]
  const covered = sumOf(payments, charge.amount.currency) >= charge.amount.minor
  return { ...charge, payments, status: covered ? 'paid' : charge.status }
}

/** What is still missing; the whole amount again when nothing is. */
export function amountDue(charge: Charge): bigint {
  const missing = charge.amount.minor - sumOf(charge.payments, charge.amount.currency)
  return missing > 0n ? missing : charge.amount.minor
}

/** A paid charge stays paid: a notice may claim otherwise, a question is answered with the truth. */
export function withStatus(charge: Charge, status: ChargeStatus): Charge {
  return charge.status === 'paid' ? charge : { ...charge, status }
}

/** Ends the charge if nobody has paid or is paying; otherwise it stays as it is. */
export function canceled(charge: Charge): Charge {
  return charge.status === 'open' && charge.payments.length === 0 ? { ...charge, status: 'canceled' } : charge
}

/** Gives a payment back at our request. The same refund again changes nothing. */
export function withRefund(charge: Charge, refund: Refund): Charge {
  const earlier = charge.refunds.find(({ refundId }) => refundId === refund.refundId)
  if (earlier) {
    const same = (['transactionId', 'minor', 'currency'] as const).every((key) => earlier[key] === refund[key])
    if (!same) throw new Refusal(409, 'refund.mismatch', 'this refundId was used with another input')
    return charge
  }
  const payment = charge.payments.find(({ transactionId }) => transactionId === refund.transactionId)
  if (!payment) throw new Refusal(409, 'payment.unknown', 'the charge has no payment with this transactionId')
  if (payment.currency !== refund.currency)
    throw new Refusal(409, 'refund.currency_mismatch', `the payment was made in ${payment.currency}`)
  const refunded = charge.refunds.filter(({ transactionId }) => transactionId === refund.transactionId)
  const ofPayment = payment.minor - sumOf(refunded, refund.currency)
  const ofCharge = amountLeft(charge, refund.currency)
  requireAtMost(refund.minor, ofPayment < ofCharge ? ofPayment : ofCharge)
  requireRoom(charge)
  return { ...charge, refunds: [...charge.refunds, refund] }
}

/** The provider gives money back to the payer, or takes the settlement back, without asking us. */
export function withTakeback(charge: Charge, takeback: ProviderTakeback): Charge {
  requireAtMost(takeback.minor, amountLeft(charge, takeback.currency))
  requireRoom(charge)
  return { ...charge, takebacks: [...charge.takebacks, takeback] }
}

/** What was paid in a currency and has not gone back. */
export function amountLeft({ payments, takebacks, refunds }: Charge, currency: string): bigint {
  return sumOf(payments, currency) - sumOf(takebacks, currency) - sumOf(refunds, currency)
}

function sumOf(movements: readonly { minor: bigint; currency: string }[], currency: string): bigint {
  return movements.reduce((sum, movement) => (movement.currency === currency ? sum + movement.minor : sum), 0n)
}

function requireAtMost(minor: bigint, left: bigint): void {
  if (minor > left) throw new Refusal(409, 'amount.too_large', `only ${left} of what was paid is left to give back`)
}

function requireRoom({ payments, takebacks, refunds }: Charge): void {
  if (payments.length + takebacks.length + refunds.length >= movementsMax)
    throw new Refusal(409, 'charge.full', `a charge has at most ${movementsMax} payments, refunds and takebacks`)
}
