import { DomainError } from './errors.ts'

/** An exact amount: integer minor units of one currency. Negative only inside the ledger. */
export interface Money {
  readonly minor: bigint
  readonly currency: Currency
}

/** Number of decimal digits between the minor and the major unit. */
export const currencyExponents = { IDR: 0, USD: 2, USDT: 6 } as const

export type Currency = keyof typeof currencyExponents

/** The largest amount any column or sum may hold: a signed 64-bit integer. */
export const minorMax = 2n ** 63n - 1n

export function isCurrency(value: string): value is Currency {
  return Object.hasOwn(currencyExponents, value)
}

/** Builds an amount and refuses what no column could hold. Throws `money.out_of_range`. */
export function money(minor: bigint, currency: Currency): Money {
  if (minor > minorMax || minor < -minorMax) {
    throw new DomainError('money.out_of_range', 'invalid', { minor: minor.toString(), maxMinor: minorMax.toString() })
  }
  return { minor, currency }
}

/** Throws `money.out_of_range` when the sum does not fit 64 bits. Both amounts must be of one currency. */
export function add(a: Money, b: Money): Money {
  if (a.currency !== b.currency) throw new Error(`cannot add ${b.currency} to ${a.currency}`)
  return money(a.minor + b.minor, a.currency)
}
