import { randomInt } from 'node:crypto'
import { fromDeposit } from '../../src/payments/adapters/sequelize/deposit-rows.ts'
import type { StoredNotice } from '../../src/payments/app/notice-port.ts'
import { confirmCharge, type Deposit, newDeposit } from '../../src/payments/domain/deposit.ts'
import type { ChargeReport, DepositMethod } from '../../src/payments/domain/gateway.ts'
import { accountName, wallet } from '../../src/payments/domain/ledger.ts'
import type { Database } from '../../src/platform/database/database.ts'
import { createIds } from '../../src/platform/ids.ts'

const ids = createIds({ now: () => new Date() })

/** Rows that a bench begins with, written in bulk and outside the measured time. */
export const method: DepositMethod = {
  method: 'bank_transfer',
  gateway: 'simulator',
  kind: 'virtual_account',
  label: 'Virtual account',
  currency: 'IDR',
  minMinor: 1n,
  maxMinor: 10n ** 12n,
  ttlMs: 3_600_000,
}

export const amount = { minor: 150_000n, currency: 'IDR' } as const

const rowsMax = 500

/** Empty wallets for the users, unless they have them. */
export async function addAccounts(
  database: Database,
  userIds: readonly string[],
  currencies: readonly string[] = [amount.currency],
): Promise<void> {
  const rows = userIds.flatMap((owner) =>
    currencies.map((currency) => {
      const account = accountName(wallet(owner, currency))
      return { account, kind: 'wallet', owner, currency, posted: 0, version: 1 }
    }),
  )
  await addRows(database, 'ledger_accounts', rows)
}

/**
 * One pending deposit for each owner named; an owner may be named many times. Their times are spread over a second, as
 * those of real ones are: otherwise all would tick at once.
 */
export async function addDeposits(database: Database, ownerIds: readonly string[]): Promise<Deposit[]> {
  const nowMs = Date.now()
  const deposits = ownerIds.map((ownerId, index) => {
    const now = new Date(nowMs - (index % 1000))
    const reference = newReference()
    const created = newDeposit({ id: ids.next(), ownerId, amount, method, reference, now })
    return confirmCharge(created, reference, 86_400_000)
  })
  await addRows(database, 'deposits', deposits.map(fromDeposit).map(columnsOf))
  return deposits
}

export function newReference(): string {
  return `8808${randomInt(2 ** 47)}${randomInt(2 ** 32)}`
}

export async function addRows(database: Database, name: string, rows: readonly object[]): Promise<void> {
  const schema = database.sequelize.getQueryInterface()
  for (let start = 0; start < rows.length; start += rowsMax)
    await schema.bulkInsert(name, rows.slice(start, start + rowsMax))
}

/** The attributes of a model under the names of their columns. */
function columnsOf(attributes: object): object {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  )
}

/** A stored notice of full payment for each deposit, as the webhook left it. */
export async function addNotices(database: Database, deposits: readonly Deposit[]): Promise<StoredNotice[]> {
  const now = new Date()
  const notices = deposits.map(({ id: chargeId }): StoredNotice => {
    const transactionId = `tx-${ids.next()}`
    const payment = { transactionId, ...amount, paidAt: now }
    const report: ChargeReport = { chargeId, status: 'paid', payments: [payment], takebacks: [] }
    return {
      id: ids.next(),
      provider: method.gateway,
      eventId: ids.next(),
      report,
      receivedAt: now,
      attempts: 0,
    }
  })
  const rows = notices.map(({ id, provider, eventId, report }) => ({
    ...{ id, provider, event_id: eventId, charge_id: report.chargeId, status: 'received', outcome: null, attempts: 0 },
    report: JSON.stringify(report, (_name, value) => (typeof value === 'bigint' ? value.toString() : value)),
    body: Buffer.alloc(400, 'x'),
    received_at_ms: now.getTime(),
    next_attempt_at_ms: now.getTime() + 5_000,
  }))
  await addRows(database, 'webhook_notices', rows)
  return notices
}
