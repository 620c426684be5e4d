import { describe, expect, it } from 'vitest'
import {
  accountName,
  clearing,
  creditEntries,
  debitEntries,
  debt,
  hasCachedBalance,
  held,
  posting,
  suspense,
  wallet,
} from '../../src/payments/domain/ledger.ts'

const max = 2n ** 63n - 1n
const entry = (minor: bigint, currency = 'IDR', account = wallet('u', currency)) => ({ account, minor })

describe('a posting', () => {
  it('keeps entries that sum to zero in each currency', () => {
    const entries = [entry(5n), entry(-5n), entry(7n, 'USD'), entry(-7n, 'USD')]
    expect(posting('transfer', null, entries).entries).toEqual(entries)
  })

  it('drops empty entries', () => {
    expect(posting('deposit', 'd', [entry(5n), entry(0n), entry(-5n)]).entries).toHaveLength(2)
  })

  it.each([
    ['does not balance', [entry(5n), entry(-4n)]],
    ['balances only across currencies', [entry(5n), entry(-5n, 'USD')]],
    ['has one entry', [entry(5n)]],
    ['has none', []],
    ['has only empty ones', [entry(0n), entry(0n)]],
    ['does not fit 64 bits', [entry(max + 1n), entry(-max - 1n)]],
  ])('that %s is a bug', (_what, entries) => {
    expect(() => posting('transfer', null, entries)).toThrow(/^assertion failed/)
  })

  it('takes the largest amount there is', () => {
    expect(posting('transfer', null, [entry(max), entry(-max)]).entries).toHaveLength(2)
  })
})

describe('what a user owes', () => {
  const accounts = (entries: readonly ReturnType<typeof entry>[]) =>
    entries.map(({ account, minor }) => [account.kind, minor])

  it.each([
    [100n, 0n, [['wallet', 100n]]],
    [
      100n,
      30n,
      [
        ['debt', 30n],
        ['wallet', 70n],
      ],
    ],
    [100n, 100n, [['debt', 100n]]],
    [30n, 100n, [['debt', 30n]]],
    [0n, 100n, []],
  ])('a credit of %s against a debt of %s', (minor, owed, expected) => {
    expect(accounts(creditEntries('u', 'IDR', minor, owed))).toEqual(expected)
  })

  it.each([
    [100n, 100n, [['wallet', -100n]]],
    [
      100n,
      30n,
      [
        ['wallet', -30n],
        ['debt', -70n],
      ],
    ],
    [100n, 0n, [['debt', -100n]]],
    [0n, 30n, []],
  ])('a debit of %s with %s available', (minor, available, expected) => {
    expect(accounts(debitEntries('u', 'IDR', minor, available))).toEqual(expected)
  })

  it('is never negative, and neither is a credit or a debit', () => {
    expect(() => creditEntries('u', 'IDR', -1n, 0n)).toThrow('assertion failed')
    expect(() => creditEntries('u', 'IDR', 1n, -1n)).toThrow('assertion failed')
    expect(() => debitEntries('u', 'IDR', -1n, 0n)).toThrow('assertion failed')
    expect(() => debitEntries('u', 'IDR', 1n, -1n)).toThrow('assertion failed')
  })
})

describe('an account', () => {
  it('is named by what it is', () => {
    const accounts = [wallet('u', 'IDR'), held('u', 'IDR'), debt('u', 'IDR'), clearing('p', 'USD'), suspense('USD')]
    expect(accounts.map(accountName)).toEqual([
      'wallet:u:IDR',
      'held:u:IDR',
      'debt:u:IDR',
      'clearing:p:USD',
      'suspense::USD',
    ])
  })

  it('has a cached balance where it has one owner', () => {
    const accounts = [wallet('u', 'IDR'), held('u', 'IDR'), debt('u', 'IDR'), clearing('p', 'USD'), suspense('USD')]
    expect(accounts.map(hasCachedBalance)).toEqual([true, true, true, false, false])
  })
})
