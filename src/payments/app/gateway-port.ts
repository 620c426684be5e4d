import type { Money } from '../../kernel/money.ts'
import type { ChargeReport, DepositMethod, NewCharge } from '../domain/gateway.ts'

/** A verified notice of a provider. `eventId` is the provider's own, the same at each of its deliveries. */
export interface GatewayNotice {
  readonly eventId: string
  readonly report: ChargeReport
}

/**
 * A payment gateway. Calls throw DomainError `gateway.unavailable` when no answer came (it may have been carried out) and
 * `gateway.refused` when the provider said no.
 */
export interface Gateway {
  readonly name: string
  readonly methods: readonly DepositMethod[]
  /** Makes a payment reference of the method that nobody has been given before (very likely; the store insists on it). */
  issueReference(method: string): string
  /** Idempotent by `chargeId`. Resolves to the reference that the payer uses: ours, or the one the provider chose. */
  createCharge(charge: NewCharge): Promise<{ reference: string }>
  /** Null when the provider knows no such charge. */
  findCharge(chargeId: string): Promise<ChargeReport | null>
  /** Ends a charge that nobody has paid. A charge that is unknown or over already is no error. */
  cancelCharge(chargeId: string): Promise<void>
  /** Gives a payment back. Idempotent by `refundId`. */
  refundPayment(refund: { refundId: string; chargeId: string; transactionId: string; amount: Money }): Promise<void>
  /** Checks a webhook on its raw body. Throws `webhook.signature_invalid` or `request.malformed`. */
  readNotice(request: { body: Uint8Array; header: (name: string) => string | undefined; now: Date }): GatewayNotice
}
