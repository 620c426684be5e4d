import { assert } from '../../kernel/assert.ts'
import { minorMax } from '../../kernel/money.ts'

/**
 * An account's name says what it is: `wallet:<user>:IDR`, `held:<user>:IDR`, `debt:<user>:IDR`,
 * `clearing:<provider>:IDR`, `claim:<provider>:IDR`, `suspense::IDR`. Amounts a user owns are positive; a clearing
 * account is negative by what its provider holds for us, a claim by what it took beyond that, a debt by what its user owes.
 */
export interface Account {
  readonly kind: AccountKind
  readonly owner: string
  readonly currency: string
}

export type AccountKind = 'wallet' | 'held' | 'debt' | 'clearing' | 'claim' | 'suspense'

/** Accounts of one owner carry a cached balance; accounts that everything passes through would make all writers queue. */
const cachedKinds: ReadonlySet<AccountKind> = new Set(['wallet', 'held', 'debt'])

export function accountName({ kind, owner, currency }: Account): string {
  return `${kind}:${owner}:${currency}`
}

export function hasCachedBalance(account: Account): boolean {
  return cachedKinds.has(account.kind)
}

export const wallet = (userId: string, currency: string): Account => ({ kind: 'wallet', owner: userId, currency })
export const held = (userId: string, currency: string): Account => ({ kind: 'held', owner: userId, currency })
export const debt = (userId: string, currency: string): Account => ({ kind: 'debt', owner: userId, currency })
export const clearing = (provider: string, currency: string): Account => ({
  kind: 'clearing',
  owner: provider,
  currency,
})
export const claim = (provider: string, currency: string): Account => ({ kind: 'claim', owner: provider, currency })
export const suspense = (currency: string): Account => ({ kind: 'suspense', owner: '', currency })

export interface Entry {
  readonly account: Account
  readonly minor: bigint
}

/** Why money moved. */
export type PostingKind = 'deposit' | 'suspension' | 'transfer' | 'refund' | 'reversal'

/** Entries that belong together and sum to zero in each currency. Once written they are permanent. */
export interface Posting {
  readonly kind: PostingKind
  /** Id of what caused it. */
  readonly reference: string | null
  readonly note: string | null
  readonly entries: readonly Entry[]
}

/** Builds a posting without its empty entries. A posting that does not balance is a bug. */
export function posting(
  kind: PostingKind,
  reference: string | null,
  entries: readonly Entry[],
  note: string | null = null,
): Posting {
  const real = entries.filter(({ minor }) => minor !== 0n)
  assert(real.length >= 2, `a posting has two or more entries, this one ${real.length}`)
  const sums = new Map<string, bigint>()
  for (const { account, minor } of real) {
    assert(minor <= minorMax && minor >= -minorMax, 'an entry fits 64 bits')
    sums.set(account.currency, (sums.get(account.currency) ?? 0n) + minor)
  }
  for (const [currency, sum] of sums) assert(sum === 0n, `a posting sums to zero, this one to ${sum} ${currency}`)
  return { kind, reference, note, entries: real }
}

/** Splits a credit so that what the user owes is paid first. `owedMinor` is positive. */
export function creditEntries(userId: string, currency: string, minor: bigint, owedMinor: bigint): Entry[] {
  assert(minor >= 0n && owedMinor >= 0n, 'credits and debts are not negative')
  const paysDebt = minor < owedMinor ? minor : owedMinor
  return [
    { account: debt(userId, currency), minor: paysDebt },
    { account: wallet(userId, currency), minor: minor - paysDebt },
  ].filter((entry) => entry.minor !== 0n)
}

/** Takes from the wallet what is there; the rest becomes a debt. */
export function debitEntries(userId: string, currency: string, minor: bigint, availableMinor: bigint): Entry[] {
  assert(minor >= 0n && availableMinor >= 0n, 'debits and balances are not negative')
  const fromWallet = minor < availableMinor ? minor : availableMinor
  return [
    { account: wallet(userId, currency), minor: -fromWallet },
    { account: debt(userId, currency), minor: fromWallet - minor },
  ].filter((entry) => entry.minor !== 0n)
}
