import type { DepositResult, DepositView, XmClient } from '#client'
import type { Database } from '../../src/platform/database/database.ts'

/** What the tables say, read past the product. */

export interface DepositFacts {
  readonly id: string
  readonly status: string
  readonly exception: string
  readonly version: number
  readonly creditedMinor: string
  readonly inReviewMinor: string
  readonly expiresAtMs: number
}

export async function depositFacts(database: Database, ids: readonly string[]): Promise<Map<string, DepositFacts>> {
  const rows = await database.select<Record<string, string>>(
    `SELECT id, status, exception, version, credited_minor, in_review_minor, expires_at_ms FROM deposits WHERE id IN (:ids)`,
    { ids },
  )
  return new Map(
    rows.map((row) => [
      String(row.id),
      {
        id: String(row.id),
        status: String(row.status),
        exception: String(row.exception),
        version: Number(row.version),
        creditedMinor: String(row.credited_minor),
        inReviewMinor: String(row.in_review_minor),
        expiresAtMs: Number(row.expires_at_ms),
      },
    ]),
  )
}

/** How many of the deposits are in each status. */
export async function countByStatus(database: Database, ids: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { status } of (await depositFacts(database, ids)).values()) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

export interface OutboxFacts {
  readonly id: string
  readonly type: string
  readonly published: boolean
}

/** Events about the deposit, of the type that ends with `type`. */
export async function eventsAbout(database: Database, depositId: string, type: string): Promise<OutboxFacts[]> {
  const rows = await database.select<{ id: string; type: string; published_at_ms: string | null }>(
    'SELECT id, type, published_at_ms FROM outbox WHERE subject = :subject AND type = :type ORDER BY id',
    { subject: `deposit:${depositId}`, type },
  )
  return rows.map(({ id, type, published_at_ms }) => ({ id, type, published: published_at_ms !== null }))
}

/** How many deposits have that many events of the type. */
export async function timesAnnounced(
  database: Database,
  type: string,
  ids: readonly string[],
): Promise<Map<string, number>> {
  const rows = await database.select<{ subject: string; times: number | string }>(
    'SELECT subject, COUNT(*) AS times FROM outbox WHERE type = :type GROUP BY subject',
    { type },
  )
  const wanted = new Set(ids)
  const found = rows.map(({ subject, times }) => [subject.replace('deposit:', ''), Number(times)] as const)
  return new Map(found.filter(([id]) => wanted.has(id)))
}

export async function numberOf(database: Database, sql: string, values: Record<string, unknown> = {}): Promise<number> {
  const [row] = await database.select<Record<string, unknown>>(sql, values)
  return Number(Object.values(row ?? {})[0] ?? 0)
}

/** What suspense holds in the currency. */
export function suspenseMinor(database: Database, currency = 'IDR'): Promise<number> {
  const account = `suspense::${currency}`
  return numberOf(database, 'SELECT COALESCE(SUM(minor), 0) AS held FROM ledger_entries WHERE account = :account', {
    account,
  })
}

/** Resolves to true once nothing is on its way any more: no notice waits, no event, no audit row unsealed. */
export async function isQuiet(database: Database): Promise<boolean> {
  const busy = await Promise.all([
    numberOf(database, "SELECT COUNT(*) AS n FROM webhook_notices WHERE status = 'received'"),
    numberOf(database, 'SELECT COUNT(*) AS n FROM outbox WHERE published_at_ms IS NULL'),
    numberOf(database, 'SELECT COUNT(*) AS n FROM audit_log WHERE sealed = 0'),
  ])
  return busy.every((count) => count === 0)
}

/** The number of rows of every table, and every balance. */
export async function everyTable(database: Database): Promise<Record<string, unknown>> {
  const list =
    database.dialect === 'mysql'
      ? 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()'
      : "SELECT name FROM sqlite_master WHERE type = 'table'"
  const tables = (await database.select<{ name: string }>(list)).map(({ name }) => name).sort()
  const counts = await Promise.all(tables.map((name) => numberOf(database, `SELECT COUNT(*) AS n FROM ${name}`)))
  const balances = await database.select('SELECT account, posted, version FROM ledger_accounts ORDER BY account')
  return { ...Object.fromEntries(tables.map((name, i) => [name, counts[i]])), balances }
}

export interface Seen {
  readonly versions: number[]
  readonly results: DepositResult[]
}

/** Watches deposits through the SDK and keeps what it was told. */
export function watchAll(client: XmClient, deposits: readonly DepositView[]): Map<string, Seen> {
  const seen = new Map<string, Seen>()
  for (const { id } of deposits) {
    const told: Seen = { versions: [], results: [] }
    seen.set(id, told)
    client.realtime.watchDeposit(id, {
      onChange: ({ version }) => told.versions.push(version),
      onResult: (result) => told.results.push(result),
    })
  }
  return seen
}

export const kindsOf = (seen: Seen | undefined) => (seen?.results ?? []).map(({ result }) => result)
