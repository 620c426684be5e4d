import { createHash } from 'node:crypto'
import type { Clock } from '../../../kernel/clock.ts'
import { DomainError } from '../../../kernel/errors.ts'
import { minorMax } from '../../../kernel/money.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Tx } from '../../../platform/database/database.ts'
import { isDuplicate } from '../../../platform/database/failures.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { LedgerWrites } from '../../app/ports.ts'
import { accountName, debt, type Entry, hasCachedBalance, wallet } from '../../domain/ledger.ts'
import type { PaymentsModels } from './models.ts'

const readPosted = 'SELECT posted FROM ledger_accounts WHERE account = :account'

export function ledgerWrites(tx: Tx, models: PaymentsModels, clock: Clock): LedgerWrites {
  const forUpdate = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''

  return {
    async post({ id, kind, reference, note, entries }) {
      const createdAt = clock.now()
      const rows = entries.map(({ account, minor }, line) => ({
        postingId: id,
        line,
        account: accountName(account),
        minor,
        currency: account.currency,
      }))
      await insertRows(tx, models.postings, [
        { id, kind, reference, note, digest: entriesDigest(rows), createdAtMs: createdAt.getTime() },
      ])
      await insertRows(tx, models.entries, rows)
      // In the order of their names, so that two postings over the same accounts cannot wait for each other.
      const cached = entries.filter(({ account }) => hasCachedBalance(account))
      cached.sort((a, b) => (accountName(a.account) < accountName(b.account) ? -1 : 1))
      for (const entry of cached) await move(entry)
      return createdAt
    },

    async owedMinor(userId, currency) {
      const owed = await tx.select<{ posted: Int64 }>(`${readPosted} AND posted < 0 ${forUpdate}`, {
        account: accountName(debt(userId, currency)),
      })
      return -BigInt(owed[0]?.posted ?? 0)
    },

    async lockAvailableMinor(userId, currency) {
      const [row] = await tx.select<{ posted: Int64 }>(`${readPosted} ${forUpdate}`, {
        account: accountName(wallet(userId, currency)),
      })
      return BigInt(row?.posted ?? 0)
    },
  }

  async function move(entry: Entry): Promise<void> {
    if ((await add(entry)) || (await open(entry))) return
    // The account was opened by somebody else meanwhile, or it has no room for the sum.
    if (!(await add(entry)))
      throw new DomainError('money.out_of_range', 'invalid', {
        maxMinor: minorMax.toString(),
        currency: entry.account.currency,
      })
  }

  /** False when there is no such account yet, or when its sum would leave 64 bits, where SQLite would turn to floats. */
  async function add({ account, minor }: Entry): Promise<boolean> {
    const spends = minor < 0n && account.kind !== 'debt'
    const least = spends ? -minor : -minorMax - (minor < 0n ? minor : 0n)
    const most = minorMax - (minor > 0n ? minor : 0n)
    const moved = await tx.change(
      `UPDATE ledger_accounts SET posted = posted + :minor, version = version + 1
       WHERE account = :account AND posted >= :least AND posted <= :most`,
      { minor, least, most, account: accountName(account) },
    )
    if (moved === 0 && spends)
      throw new DomainError('wallet.insufficient_funds', 'conflict', { currency: account.currency })
    return moved === 1
  }

  /** False when the account was there after all. */
  async function open({ account, minor }: Entry): Promise<boolean> {
    try {
      const { kind, owner, currency } = account
      const row = { account: accountName(account), kind, owner, currency, posted: minor, version: 1 }
      await insertRows(tx, models.accounts, [row])
      return true
    } catch (error) {
      if (isDuplicate(error)) return false
      throw error
    }
  }
}

interface DigestedEntry {
  readonly line: number
  readonly account: string
  readonly minor: bigint | Int64
  readonly currency: string
}

/** Stands on the posting, so that an entry changed behind our back shows. */
export function entriesDigest(entries: readonly DigestedEntry[]): string {
  const text = entries.map(({ line, account, minor, currency }) => `${line}|${account}|${minor}|${currency}`).join('\n')
  return createHash('sha256').update(text).digest('hex')
}
