import { DomainError } from '../../kernel/errors.ts'
import { minorMax } from '../../kernel/money.ts'

/** An amount or sum, of whatever currency, that a 64-bit column can hold. Throws `money.out_of_range`. */
export function fitting(minor: bigint, currency: string): bigint {
  if (minor > minorMax || minor < -minorMax)
    throw new DomainError('money.out_of_range', 'invalid', { maxMinor: minorMax.toString(), currency })
  return minor
}
