import type { Currency, Money } from '../../kernel/money.ts'

export type PaymentKind = 'virtual_account' | 'qr' | 'crypto_address'

/** A way to top up, as the gateway that serves it describes it. */
export interface DepositMethod {
  readonly method: string
  readonly gateway: string
  readonly kind: PaymentKind
  readonly label: string
  readonly currency: Currency
  readonly minMinor: bigint
  readonly maxMinor: bigint
  readonly ttlMs: number
}

/** What we ask a gateway to collect. `chargeId` is the deposit's id: asking twice makes one charge. */
export interface NewCharge {
  readonly chargeId: string
  readonly method: string
  readonly reference: string
  readonly amount: Money
  readonly expiresAt: Date
}

/** Money that a payer sent. `currency` is whatever the provider says, known to us or not. */
export interface ProviderPayment {
  readonly transactionId: string
  readonly minor: bigint
  readonly currency: string
  /** Verified time of payment by the provider; null where it does not tell. */
  readonly paidAt: Date | null
}

/** Money that the provider took back from us, or gave back at our request, after it had been paid. */
export interface ProviderTakeback {
  /** For a refund that we asked for: the id we asked with. */
  readonly transactionId: string
  readonly kind: 'refund' | 'reversal'
  readonly minor: bigint
  readonly currency: string
}

export type ChargeStatus = 'open' | 'processing' | 'paid' | 'denied' | 'expired' | 'canceled'

/**
 * What a provider says of one charge, in a notice or as the answer to a question. Payments and takebacks may be a part
 * of all there are, in any order and told before: each counts once, by its transaction id.
 */
export interface ChargeReport {
  readonly chargeId: string
  readonly status: ChargeStatus
  readonly payments: readonly ProviderPayment[]
  readonly takebacks: readonly ProviderTakeback[]
}
