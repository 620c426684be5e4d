import { currencyExponents, isCurrency } from '../../../kernel/money.ts'
import { type PageRequest, toPage } from '../../../kernel/page.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader } from '../../../platform/database/database.ts'
import type { Balance, WalletReads, WalletTransaction } from '../../app/ports.ts'
import { accountName, debt, type PostingKind, wallet } from '../../domain/ledger.ts'

interface AccountRow {
  owner: string
  kind: 'wallet' | 'held' | 'debt'
  currency: string
  posted: Int64
  version: Int64
}

interface HistoryRow {
  id: string
  kind: PostingKind
  reference: string | null
  note: string | null
  created_at_ms: Int64
  minor: Int64 | number
  currency: string
}

const accountColumns = 'owner, kind, currency, posted, version'
const historyColumns = 'p.id, p.kind, p.reference, p.note, p.created_at_ms, e.minor, e.currency'
const historyTables = 'ledger_entries e JOIN ledger_postings p ON p.id = e.posting_id'
/** What pays a debt, or makes one, changes the balance like what moves the wallet: all of it explains posted less owed. */
const sumOfPosting = (entries: string) =>
  `SELECT id, kind, reference, note, created_at_ms, currency, SUM(minor) AS minor FROM (${entries}) AS entries
   GROUP BY id, kind, reference, note, created_at_ms, currency`
const accountsOf = (userId: string, currency: string) =>
  [wallet(userId, currency), debt(userId, currency)].map(accountName)

export function walletReads(reader: Reader): WalletReads {
  return {
    async balances(userId) {
      const rows = await reader.select<AccountRow>(
        `SELECT ${accountColumns} FROM ledger_accounts WHERE owner = :userId ORDER BY currency`,
        {
          userId,
        },
      )
      return toBalances(rows)
    },

    async balancesOf(wallets) {
      if (wallets.length === 0) return []
      const owners = [...new Set(wallets.map(({ userId }) => userId))]
      const wanted = new Set(wallets.map(({ userId, currency }) => `${userId}:${currency}`))
      const rows = await reader.select<AccountRow>(
        `SELECT ${accountColumns} FROM ledger_accounts WHERE owner IN (:owners)`,
        { owners },
      )
      return toBalances(rows).filter(({ userId, currency }) => wanted.has(`${userId}:${currency}`))
    },

    async transactions(userId, page, currency) {
      const currencies = currency === null ? Object.keys(currencyExponents) : [currency]
      return toPage(await withCounterparties(reader, userId, await history(userId, currencies, page)), page.limit)
    },

    async transaction(userId, id) {
      const entries = `SELECT ${historyColumns} FROM ${historyTables} WHERE p.id = :id AND e.account IN (:accounts)`
      const accounts = Object.keys(currencyExponents).flatMap((currency) => accountsOf(userId, currency))
      const rows = await reader.select<HistoryRow>(sumOfPosting(entries), { id, accounts })
      const [transaction] = await withCounterparties(reader, userId, rows)
      return transaction ?? null
    },
  }

  /** One bounded index walk an account, so that the cost depends on the page and not on the history's length. */
  async function history(
    userId: string,
    currencies: readonly string[],
    { beforeId, limit }: PageRequest,
  ): Promise<HistoryRow[]> {
    const before = beforeId === null ? '' : 'AND e.posting_id < :beforeId'
    const walk = (index: number) =>
      `SELECT * FROM (SELECT ${historyColumns} FROM ${historyTables} WHERE e.account = :account${index} ${before}
         ORDER BY e.posting_id DESC LIMIT :rows) AS walk${index}`
    const accounts = currencies.filter(isCurrency).flatMap((currency) => accountsOf(userId, currency))
    const walks = accounts.map((_, index) => walk(index)).join(' UNION ALL ')
    const named = Object.fromEntries(accounts.map((account, index) => [`account${index}`, account]))
    // What stands on both accounts of a page's posting is in both walks: whoever comes before it there is in the page.
    const sql = `${sumOfPosting(walks)} ORDER BY id DESC LIMIT :rows`
    return reader.select<HistoryRow>(sql, { ...named, beforeId, rows: limit + 1 })
  }
}

function toBalances(rows: readonly AccountRow[]): (Balance & { userId: string })[] {
  const balances = new Map<
    string,
    Record<AccountRow['kind'], bigint> & { userId: string; currency: string; version: number }
  >()
  for (const { owner, kind, currency, posted, version } of rows) {
    const key = `${owner}:${currency}`
    const balance = balances.get(key) ?? { userId: owner, currency, wallet: 0n, held: 0n, debt: 0n, version: 0 }
    balance[kind] = BigInt(posted)
    balance.version += Number(version)
    balances.set(key, balance)
  }
  return [...balances.values()].map(({ userId, currency, wallet, held, debt, version }) => ({
    userId,
    currency,
    postedMinor: wallet + held,
    heldMinor: held,
    owedMinor: -debt,
    version,
  }))
}

async function withCounterparties(
  reader: Reader,
  userId: string,
  rows: readonly HistoryRow[],
): Promise<WalletTransaction[]> {
  const transfers = rows.filter(({ kind }) => kind === 'transfer').map(({ id }) => id)
  const counterparties = new Map<string, string>()
  if (transfers.length > 0) {
    const others = await reader.select<{ posting_id: string; account: string }>(
      'SELECT posting_id, account FROM ledger_entries WHERE posting_id IN (:transfers)',
      { transfers },
    )
    for (const { posting_id, account } of others) {
      const owner = account.split(':')[1] ?? ''
      if (owner !== userId) counterparties.set(posting_id, owner)
    }
  }
  return rows.map(({ id, kind, reference, note, created_at_ms, minor, currency }) => ({
    id,
    kind,
    minor: BigInt(minor),
    currency,
    counterpartyId: counterparties.get(id) ?? null,
    note,
    reference,
    createdAt: new Date(Number(created_at_ms)),
  }))
}
