import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuditSealer } from '../../src/platform/audit-chain.ts'
import type { Database } from '../../src/platform/database/database.ts'
import { pruneOutbox } from '../../src/platform/outbox.ts'
import { type Backend, backends, type OpenBackend } from '../support/backends.ts'
import { createFakeGateway } from '../support/fake-gateway.ts'
import { actorOf, buildPayments, createTestClock, openMigrated, silent, userOf } from '../support/payments.ts'

const [alice, bob] = [userOf(1), userOf(2)]
const permanent = ['ledger_postings', 'ledger_entries', 'audit_log', 'audit_chain']

/** A small book in which every rule has something to look at. */
async function openBook(backend: Backend) {
  const opened = await backend.open()
  const database = await openMigrated(opened.env)
  const clock = createTestClock()
  const gateway = createFakeGateway()
  const payments = buildPayments({ database, clock, gateway })
  let serial = 0
  const create = (minor: bigint) =>
    payments.create(actorOf(alice), {
      amount: { minor, currency: 'IDR' },
      method: 'bank',
      idempotencyKey: `a key of ${++serial}`,
    })
  const pay = async (chargeId: string, minor: bigint, currency = 'IDR') => {
    const payments_ = [{ transactionId: `t-${++serial}`, minor, currency, paidAt: null }]
    const report = { chargeId, status: 'paid' as const, payments: payments_, takebacks: [] }
    await payments.apply({ provider: gateway.name, report, learntAt: clock.now(), complete: true })
  }
  const takeBack = async (chargeId: string, minor: bigint) => {
    const takebacks = [{ transactionId: `b-${++serial}`, kind: 'reversal' as const, minor, currency: 'IDR' }]
    const report = { chargeId, status: 'open' as const, payments: [], takebacks }
    await payments.apply({ provider: gateway.name, report, learntAt: clock.now(), complete: true })
  }
  const ids = { settled: '', part: '', odd: '', expired: '', canceled: '', pending: '' }
  for (const name of Object.keys(ids) as (keyof typeof ids)[]) {
    ids[name] = (await create(100n)).id
    if (name === 'settled') await pay(ids[name], 100n)
    if (name === 'part') await pay(ids[name], 40n)
    if (name === 'odd') await pay(ids[name], 9n, 'EUR')
    if (name === 'canceled') await payments.cancel(actorOf(alice), ids[name])
    if (name === 'canceled') await takeBack(ids[name], 8n)
    if (name !== 'expired') continue
    await pay(ids[name], 30n)
    clock.pass(61_000)
    await payments.sweep()
  }
  const transfer = {
    to: bob,
    amount: { minor: 25n, currency: 'IDR' as const },
    note: null,
    idempotencyKey: 'tip key 1',
  }
  const { id: tip } = await payments.transfer(actorOf(alice), transfer)
  await seal(database)
  return { opened, database, clock, payments, ids, tip }
}

/** One pass and no more: the loop ends after the pass under way. */
async function seal(database: Database) {
  await startAuditSealer({ database, intervalMs: 1, batchMaxRows: 500, log: silent })[Symbol.asyncDispose]()
}

type Book = Awaited<ReturnType<typeof openBook>>

const firstRow = async (database: Database, sql: string) => (await database.select<Record<string, string>>(sql))[0]!

interface Plant {
  readonly invariant: string
  readonly fault: string
  /** Breaks the book by raw SQL; resolves to what the violation has to name. */
  readonly plant: (run: (sql: string) => Promise<unknown>, book: Book) => Promise<string>
}

const plants: readonly Plant[] = [
  {
    invariant: 'postings_balance',
    fault: 'an entry of another amount',
    async plant(run, { tip }) {
      await run(`UPDATE ledger_entries SET minor = minor + 1 WHERE posting_id = '${tip}' AND line = 0`)
      return tip
    },
  },
  {
    invariant: 'postings_balance',
    fault: 'a posting without entries',
    async plant(run, { tip }) {
      await run(`DELETE FROM ledger_entries WHERE posting_id = '${tip}'`)
      return tip
    },
  },
  {
    invariant: 'balances_match_entries',
    fault: 'a cached balance of its own',
    async plant(run) {
      await run(`UPDATE ledger_accounts SET posted = posted + 1 WHERE account = 'wallet:${bob}:IDR'`)
      return `wallet:${bob}:IDR`
    },
  },
  {
    invariant: 'accounts_are_known',
    fault: 'a wallet with entries and no balance',
    async plant(run) {
      await run(`DELETE FROM ledger_accounts WHERE account = 'wallet:${bob}:IDR'`)
      return `wallet:${bob}:IDR`
    },
  },
  {
    invariant: 'available_not_negative',
    fault: 'a wallet below zero',
    async plant(run) {
      await run(`UPDATE ledger_accounts SET posted = -1 WHERE account = 'wallet:${bob}:IDR'`)
      return `wallet:${bob}:IDR`
    },
  },
  {
    invariant: 'available_not_negative',
    fault: 'a debt above zero',
    async plant(run) {
      await run(`UPDATE ledger_accounts SET kind = 'debt', posted = 25 WHERE account = 'wallet:${bob}:IDR'`)
      return `wallet:${bob}:IDR`
    },
  },
  {
    invariant: 'provider_transactions_booked_once',
    fault: 'a transaction of another amount than its posting',
    async plant(run, { database }) {
      const { transaction_id } = await firstRow(database, 'SELECT transaction_id FROM provider_transactions')
      await run(`UPDATE provider_transactions SET minor = minor + 1 WHERE transaction_id = '${transaction_id}'`)
      return transaction_id!
    },
  },
  {
    invariant: 'provider_transactions_booked_once',
    fault: 'two transactions over one posting',
    async plant(run, { database }) {
      const first = await firstRow(database, 'SELECT posting_id FROM provider_transactions ORDER BY posting_id')
      await run(`INSERT INTO provider_transactions SELECT provider, 'twin', deposit_id, kind, minor, currency, paid_at_ms,
        booked_at_ms, disposition, outside_minor, posting_id FROM provider_transactions WHERE posting_id = '${first.posting_id}'`)
      return 'twin'
    },
  },
  {
    invariant: 'clearing_comes_from_transactions',
    fault: 'money at the provider that no transaction tells of',
    async plant(run, { database }) {
      const { posting_id } = await firstRow(database, 'SELECT posting_id FROM provider_transactions')
      await run(`DELETE FROM provider_transactions WHERE posting_id = '${posting_id}'`)
      return posting_id!
    },
  },
  {
    invariant: 'received_is_credited_or_suspended',
    fault: 'a deposit that received more than was paid',
    async plant(run, { ids }) {
      await run(`UPDATE deposits SET received_minor = received_minor + 1 WHERE id = '${ids.settled}'`)
      return ids.settled
    },
  },
  {
    invariant: 'received_is_credited_or_suspended',
    fault: 'a credit that did not reach the owner',
    async plant(run, { ids }) {
      await run(`UPDATE deposits SET credited_minor = credited_minor + 1 WHERE id = '${ids.settled}'`)
      return ids.settled
    },
  },
  {
    invariant: 'suspense_is_explained',
    fault: 'a part that is not in suspense',
    async plant(run, { ids }) {
      await run(`UPDATE deposits SET part_minor = part_minor + 1 WHERE id = '${ids.part}'`)
      return 'suspense in IDR'
    },
  },
  {
    invariant: 'suspense_is_explained',
    fault: 'money of another currency that nobody explains',
    async plant(run) {
      await run("UPDATE provider_transactions SET outside_minor = 0 WHERE currency = 'EUR'")
      return 'suspense in EUR'
    },
  },
  {
    invariant: 'suspense_is_explained',
    fault: 'less than nothing in suspense, however well explained',
    async plant(run, { tip }) {
      await run(`INSERT INTO ledger_entries (posting_id, line, account, minor, currency)
        VALUES ('${tip}', 8, 'suspense::EUR', -10, 'EUR')`)
      await run("UPDATE provider_transactions SET outside_minor = -1 WHERE currency = 'EUR'")
      return 'suspense in EUR'
    },
  },
  {
    invariant: 'suspended_money_has_a_case',
    fault: 'a part of an expired deposit whose case is closed',
    async plant(run, { ids }) {
      await run(`UPDATE suspense_cases SET status = 'credited' WHERE deposit_id = '${ids.expired}'`)
      return ids.expired
    },
  },
  {
    invariant: 'suspended_money_has_a_case',
    fault: 'a case of money that went another way',
    async plant(run, { ids }) {
      await run(`UPDATE suspense_cases SET minor = minor + 1 WHERE deposit_id = '${ids.expired}'`)
      return ids.expired
    },
  },
  {
    invariant: 'suspended_money_has_a_case',
    fault: 'money of another currency without a case',
    async plant(run, { ids }) {
      await run(`DELETE FROM suspense_cases WHERE deposit_id = '${ids.odd}'`)
      return ids.odd
    },
  },
  {
    invariant: 'claims_have_a_case',
    fault: 'a claim that nobody looks after',
    async plant(run, { ids }) {
      await run(`UPDATE suspense_cases SET status = 'taken_back' WHERE deposit_id = '${ids.canceled}'`)
      return 'claim:fake:IDR'
    },
  },
  {
    invariant: 'claims_have_a_case',
    fault: 'a case of a claim that was never booked',
    async plant(run, { ids }) {
      await run(`UPDATE suspense_cases SET currency = 'EUR' WHERE deposit_id = '${ids.canceled}'`)
      return 'claim:fake:EUR'
    },
  },
  {
    invariant: 'settled_deposits_are_credited',
    fault: 'a pending deposit that is said to be settled',
    async plant(run, { ids }) {
      await run(`UPDATE deposits SET status = 'settled' WHERE id = '${ids.pending}'`)
      return ids.pending
    },
  },
  {
    invariant: 'settled_deposits_are_credited',
    fault: 'more taken back than was credited',
    async plant(run, { ids }) {
      await run(`UPDATE deposits SET taken_back_minor = credited_minor + 1 WHERE id = '${ids.settled}'`)
      return ids.settled
    },
  },
  {
    invariant: 'addresses_have_one_owner',
    fault: 'two open deposits with one address',
    async plant(run, { ids, database }) {
      const { reference } = await firstRow(database, `SELECT reference FROM deposits WHERE id = '${ids.pending}'`)
      await run(`UPDATE deposits SET status = 'pending', reference = '${reference}' WHERE id = '${ids.canceled}'`)
      return reference!
    },
  },
  {
    invariant: 'addresses_have_one_owner',
    fault: 'an address that was given away before its time was over',
    async plant(run, { ids, database }) {
      const one = await firstRow(database, `SELECT reference, expires_at_ms FROM deposits WHERE id = '${ids.expired}'`)
      const createdAt = Number(one.expires_at_ms) - 1
      await run(
        `UPDATE deposits SET reference = '${one.reference}', created_at_ms = ${createdAt} WHERE id = '${ids.canceled}'`,
      )
      return ids.canceled
    },
  },
  {
    invariant: 'nothing_overdue_is_open',
    fault: 'a deposit whose charge nobody confirmed or gave up',
    async plant(run, { ids, clock }) {
      const longAgo = clock.now().getTime() - 5_001
      await run(`UPDATE deposits SET status = 'created', expires_at_ms = ${longAgo} WHERE id = '${ids.pending}'`)
      return ids.pending
    },
  },
  {
    invariant: 'nothing_overdue_is_open',
    fault: 'a deposit that nobody expired',
    async plant(run, { ids, clock }) {
      await run(`UPDATE deposits SET expires_at_ms = ${clock.now().getTime() - 5_001} WHERE id = '${ids.pending}'`)
      return ids.pending
    },
  },
  {
    invariant: 'ends_are_announced_once',
    fault: 'an end that was announced twice',
    async plant(run, { ids }) {
      await run(`INSERT INTO outbox SELECT 'a twin', type, subject, payload, created_at_ms, published_at_ms, set_aside FROM outbox
        WHERE subject = 'deposit:${ids.settled}' AND type = 'payment.paid'`)
      return ids.settled
    },
  },
  {
    invariant: 'ends_are_announced_once',
    fault: 'an end that nobody was told of',
    async plant(run, { ids }) {
      await run(`DELETE FROM outbox WHERE subject = 'deposit:${ids.canceled}' AND type = 'payment.canceled'`)
      return ids.canceled
    },
  },
  {
    invariant: 'changes_are_audited',
    fault: 'an end without a story',
    async plant(run, { ids }) {
      await run(
        `UPDATE audit_log SET action = 'x' WHERE subject = 'deposit:${ids.expired}' AND action = 'deposit.expired'`,
      )
      return ids.expired
    },
  },
  {
    invariant: 'entries_are_permanent',
    fault: 'entries that were changed and still balance',
    async plant(run, { tip }) {
      await run(`UPDATE ledger_entries SET minor = minor * 2 WHERE posting_id = '${tip}'`)
      return tip
    },
  },
  {
    invariant: 'entries_are_permanent',
    fault: 'two entries that were added',
    async plant(run, { tip }) {
      for (const [line, minor] of [
        [8, 5],
        [9, -5],
      ])
        await run(`INSERT INTO ledger_entries (posting_id, line, account, minor, currency)
          VALUES ('${tip}', ${line}, 'wallet:${bob}:IDR', ${minor}, 'IDR')`)
      return tip
    },
  },
  {
    invariant: 'audit_chain_is_whole',
    fault: 'an audit row that was changed',
    async plant(run, { database }) {
      const { id } = await firstRow(database, 'SELECT id FROM audit_log ORDER BY id')
      await run(`UPDATE audit_log SET details = '{}' WHERE id = '${id}'`)
      return id!
    },
  },
  {
    invariant: 'audit_chain_is_whole',
    fault: 'an audit row that is gone',
    async plant(run, { database }) {
      const { id } = await firstRow(database, 'SELECT id FROM audit_log ORDER BY id')
      await run(`DELETE FROM audit_log WHERE id = '${id}'`)
      return id!
    },
  },
  {
    invariant: 'audit_chain_is_whole',
    fault: 'a link in the middle that is gone',
    async plant(run) {
      await run('DELETE FROM audit_chain WHERE seq = 3')
      return 'audit_chain 3 is missing'
    },
  },
  {
    invariant: 'audit_chain_is_whole',
    fault: 'an end that was cut off',
    async plant(run, { database }) {
      const { last } = await firstRow(database, 'SELECT MAX(seq) AS last FROM audit_chain')
      await run(`DELETE FROM audit_chain WHERE seq = ${last}`)
      return 'the end of audit_chain was cut off'
    },
  },
  {
    invariant: 'audit_chain_is_whole',
    fault: 'an end that was cut off, with a head that was made to fit',
    async plant(run, { database }) {
      const { last } = await firstRow(database, 'SELECT MAX(seq) AS last FROM audit_chain')
      const cut = await firstRow(database, `SELECT audit_id FROM audit_chain WHERE seq = ${last}`)
      await run(`DELETE FROM audit_chain WHERE seq = ${last}`)
      await run(
        `UPDATE audit_chain_head SET seq = ${Number(last) - 1},
          hash = (SELECT hash FROM audit_chain WHERE seq = ${Number(last) - 1}) WHERE id = 1`,
      )
      return `audit_log ${cut.audit_id} is sealed, but no link of audit_chain has it`
    },
  },
]

describe.each(backends)('$name', (backend) => {
  let book: Book
  let opened: OpenBackend

  beforeAll(async () => {
    book = await openBook(backend)
    opened = book.opened
  })
  afterAll(async () => {
    await book.database[Symbol.asyncDispose]()
    await opened[Symbol.asyncDispose]()
  })

  it('finds nothing in a clean book, and looks at something for each rule', async () => {
    const { ok, checks } = await book.payments.verify()
    expect(checks.filter(({ violationCount }) => violationCount > 0)).toEqual([])
    expect(ok).toBe(true)
    expect(checks.filter(({ checked }) => checked === 0).map(({ invariant }) => invariant)).toEqual([])
  })

  it('does not miss events that were old enough to be removed', async () => {
    await using opened = await backend.open()
    const { database, payments, clock } = await openBook({ ...backend, open: async () => opened })
    await using _ = database
    await database.transaction((tx) => tx.change('UPDATE outbox SET published_at_ms = created_at_ms'))
    const later = clock.now().getTime() + 1
    while ((await pruneOutbox(database, later, 3)) > 0) expect((await payments.verify()).ok).toBe(true)
    expect(await database.select('SELECT id FROM outbox')).toEqual([])
    expect((await payments.verify()).ok).toBe(true)
  })

  it('has a planted fault for each of its rules', async () => {
    const { checks } = await book.payments.verify()
    const planted = new Set(plants.map(({ invariant }) => invariant))
    expect([...planted].sort()).toEqual([...new Set(checks.map(({ invariant }) => invariant))].sort())
  })

  it.each(permanent)('keeps rows of %s from being changed or deleted', async (table) => {
    const { database } = book
    const column = { ledger_entries: 'minor', audit_chain: 'hash', audit_log: 'details' }[table] ?? 'digest'
    for (const sql of [`UPDATE ${table} SET ${column} = '1234'`, `DELETE FROM ${table}`])
      expect(await driverMessage(database.sequelize.query(sql))).toContain(`${table} rows are permanent`)
  })

  it.each(plants)('$invariant finds $fault', async ({ invariant, plant }) => {
    await withoutTriggers(book, async (run) => {
      const named = await plant(run, book)
      const { ok, checks } = await book.payments.verify()
      const check = checks.find((found) => found.invariant === invariant)!
      expect(ok).toBe(false)
      expect(check.violationCount).toBeGreaterThan(0)
      expect(check.violations.join('\n')).toContain(named)
    })
    expect((await book.payments.verify()).ok, 'the book is clean again').toBe(true)
  })
})

/** What the database itself says of a statement that it refuses. */
async function driverMessage(statement: Promise<unknown>): Promise<string> {
  const error = await statement.then(
    () => null,
    (thrown: { parent: Error }) => thrown,
  )
  return error === null ? 'nothing was refused' : error.parent.message
}

/** Lets a test break what the triggers protect, and puts every row and trigger back. */
async function withoutTriggers(book: Book, work: (run: (sql: string) => Promise<unknown>) => Promise<void>) {
  const { database } = book
  const run = (sql: string) => database.sequelize.query(sql)
  const tables = [...permanent, 'ledger_accounts', 'provider_transactions', 'deposits', 'suspense_cases', 'outbox']
  const mysql = database.dialect === 'mysql'
  const foreignKeys = async (on: boolean) => {
    if (!mysql) await run(`PRAGMA foreign_keys = ${on ? 'ON' : 'OFF'}`)
  }
  const triggers = await triggersOf(database)
  for (const { name } of triggers) await run(`DROP TRIGGER ${name}`)
  for (const table of tables) await run(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`)
  try {
    await work(run)
  } finally {
    await foreignKeys(false)
    const restore = async (query: (sql: string) => Promise<unknown>) => {
      for (const table of tables) await query(`DELETE FROM ${table}`)
      for (const table of tables) await query(`INSERT INTO ${table} SELECT * FROM kept_${table}`)
    }
    if (mysql)
      await database.sequelize.transaction(async (transaction) => {
        const query = (sql: string) => database.sequelize.query(sql, { transaction })
        await query('SET SESSION foreign_key_checks = 0')
        await restore(query)
        await query('SET SESSION foreign_key_checks = 1')
      })
    else await restore(run)
    await foreignKeys(true)
    for (const table of tables) await run(`DROP TABLE kept_${table}`)
    for (const { sql } of triggers) await run(sql)
  }
}

async function triggersOf(database: Database): Promise<{ name: string; sql: string }[]> {
  if (database.dialect === 'sqlite')
    return database.select("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
  const triggers = await database.select<{ name: string }>(
    'SELECT TRIGGER_NAME AS name FROM information_schema.triggers WHERE TRIGGER_SCHEMA = DATABASE()',
  )
  return Promise.all(
    triggers.map(async ({ name }) => {
      const [shown] = await database.select<Record<string, string>>(`SHOW CREATE TRIGGER ${name}`)
      return { name, sql: shown!['SQL Original Statement']!.replace(/DEFINER=\S+ /, '') }
    }),
  )
}
