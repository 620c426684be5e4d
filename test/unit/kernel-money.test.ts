import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DomainError } from '../../src/kernel/errors.ts'
import { add, isCurrency, minorMax, money } from '../../src/kernel/money.ts'

describe('an amount', () => {
  it.each([0n, 1n, -1n, minorMax, -minorMax])('of %s fits 64 bits', (minor) => {
    expect(money(minor, 'IDR')).toEqual({ minor, currency: 'IDR' })
  })

  it.each([minorMax + 1n, -minorMax - 1n, 10n ** 40n])('of %s is refused', (minor) => {
    expect(() => money(minor, 'IDR')).toThrow(DomainError)
    expect(() => money(minor, 'IDR')).toThrow('money.out_of_range')
  })

  it('is added exactly, or refused where the sum does not fit', () => {
    const amount = fc.bigInt(-minorMax, minorMax)
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const sum = a + b
        const added = () => add(money(a, 'USD'), money(b, 'USD'))
        if (sum > minorMax || sum < -minorMax) expect(added).toThrow('money.out_of_range')
        else expect(added().minor).toBe(sum)
      }),
    )
  })

  it('is never added to one of another currency', () => {
    expect(() => add(money(1n, 'USD'), money(1n, 'IDR'))).toThrow('cannot add IDR to USD')
  })

  it.each([
    ['IDR', true],
    ['USDT', true],
    ['idr', false],
    ['EUR', false],
    ['toString', false],
    ['', false],
  ])('in %j is of a currency we know: %s', (currency, known) => {
    expect(isCurrency(currency)).toBe(known)
  })
})
