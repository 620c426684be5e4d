import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/platform/database/database.ts'
import { startOutboxRelay } from '../../src/platform/outbox-relay.ts'
import { type Backend, backends, type OpenBackend } from '../support/backends.ts'
import { createFakeGateway } from '../support/fake-gateway.ts'
import { buildPayments, createTestClock, openMigrated, type Payments, silent, userOf } from '../support/payments.ts'
import { sentStatements } from '../support/sent-statements.ts'

const clock = createTestClock()
const nowMs = clock.now().getTime()
const many = 3000
const owner = userOf(7)

/** A busy house: much that is over, and little that waits. */
const seeds = [
  `INSERT INTO deposits SELECT CONCAT('00000000-0000-7000-9000-', LPAD(seq, 12, '0')),
     CONCAT('00000000-0000-7000-8000-', LPAD(seq % 300, 12, '0')), IF(seq % 100 = 0, 'pending', 'settled'), 'none', 2, 100,
     'IDR', 100, 100, 0, 0, 0, 'bank', 'fake', 'virtual_account', 'Bank', CONCAT('r-', seq), ${nowMs} - seq, ${nowMs} + seq - 20,
     NULL, ${nowMs} + seq - 200, 0, IF(seq % 100 = 0, 1, 0) FROM seq_1_to_${many}`,
  `INSERT INTO payment_addresses SELECT 'bank', CONCAT('r-', seq), CASE WHEN seq % 500 = 0 THEN 'available'
     WHEN seq % 500 = 1 THEN 'cooling' ELSE 'allocated' END, NULL, ${nowMs} + seq * 1000 - 5000,
     CONCAT('00000000-0000-7000-8000-', LPAD(seq % 300, 12, '0')) FROM seq_1_to_${many}`,
  `INSERT INTO webhook_notices SELECT UUID(), 'fake', CONCAT('e-', seq), 'c', '{"chargeId":"c","status":"open","payments":[],"takebacks":[]}',
     '', IF(seq % 300 = 0, 'received', 'handled'), NULL, ${nowMs}, 0, IF(seq % 300 = 0, ${nowMs} - 1, NULL) FROM seq_1_to_${many}`,
  `INSERT INTO outbox SELECT UUID(), 'x', CONCAT('x:', seq), '{}', ${nowMs}, IF(seq % 300 = 0, NULL, ${nowMs}), 0 FROM seq_1_to_${many}`,
  `INSERT INTO suspense_cases SELECT UUID(), CONCAT('d-', seq), 'fake', 'paid_late', IF(seq % 300 = 0, 'refunding', 'open'), 1, 'IDR',
     'unknown', ${nowMs}, NULL, 0, IF(seq % 300 = 0, ${nowMs} + 1, NULL) FROM seq_1_to_${many}`,
  `INSERT INTO ledger_postings SELECT CONCAT('00000000-0000-7000-a000-', LPAD(seq, 12, '0')), 'transfer', NULL, NULL, 'x', ${nowMs}
     FROM seq_1_to_${many}`,
  `INSERT INTO ledger_entries SELECT CONCAT('00000000-0000-7000-a000-', LPAD(seq, 12, '0')), 0,
     CONCAT('wallet:00000000-0000-7000-8000-', LPAD(seq % 30, 12, '0'), ':IDR'), 1, 'IDR' FROM seq_1_to_${many}`,
  `INSERT INTO ledger_accounts SELECT CONCAT('wallet:00000000-0000-7000-8000-', LPAD(seq, 12, '0'), ':IDR'), 'wallet',
     CONCAT('00000000-0000-7000-8000-', LPAD(seq, 12, '0')), 'IDR', 1000, 1 FROM seq_1_to_${many}`,
  `INSERT INTO audit_log SELECT UUID(), ${nowMs}, 'system', 'x', CONCAT('x:', seq), '{}', IF(seq % 300 = 0, 0, 1) FROM seq_1_to_${many}`,
]

interface HotPath {
  readonly path: string
  /** The index that its first statement over this table goes by; one of them where several serve as well. */
  readonly table: string
  readonly index: string | readonly string[]
  readonly walk: (payments: Payments, database: Database) => Promise<unknown>
}

const page = { beforeId: '00000000-0000-7000-9fff-000000000000', limit: 20 }
const first = { beforeId: null, limit: 20 }

const hotPaths: readonly HotPath[] = [
  { path: 'overdue deposits', table: 'deposits', index: 'deposits_overdue', walk: ({ sweep }) => sweep() },
  {
    path: 'deposits to ask the gateway about',
    table: 'deposits',
    index: 'deposits_checks',
    walk: ({ janitor }) => janitor(async () => {}),
  },
  {
    path: 'waiting notices',
    table: 'webhook_notices',
    index: 'webhook_notices_waiting',
    walk: ({ takeUp }) => takeUp(),
  },
  {
    path: 'handled notices that are old',
    table: 'webhook_notices',
    index: 'webhook_notices_age',
    walk: ({ prune }) => prune(),
  },
  {
    path: 'cases to refund',
    table: 'suspense_cases',
    index: 'suspense_cases_refunding',
    walk: ({ refundCases }) => refundCases(),
  },
  {
    path: 'unpublished events',
    table: 'outbox',
    index: 'outbox_due',
    walk: (_payments, database) => publishOnce(database),
  },
  {
    path: "an owner's deposits",
    table: 'deposits',
    index: 'deposits_owner',
    walk: ({ store }) => store.deposits.ofOwner(owner, first, null),
  },
  {
    path: "an owner's deposits, further pages",
    table: 'deposits',
    index: 'deposits_owner',
    walk: ({ store }) => store.deposits.ofOwner(owner, page, null),
  },
  {
    path: "an owner's deposits of one status",
    table: 'deposits',
    index: ['deposits_owner', 'deposits_owner_status'],
    walk: ({ store }) => store.deposits.ofOwner(owner, page, 'settled'),
  },
  {
    path: 'the history of a wallet',
    table: 'e',
    index: 'ledger_entries_account',
    walk: ({ store }) =>
      store.wallets.transactions(owner, { ...page, beforeId: '00000000-0000-7000-b000-000000000000' }, 'IDR'),
  },
  {
    path: 'the history of all wallets of a user',
    table: 'e',
    index: 'ledger_entries_account',
    walk: ({ store }) => store.wallets.transactions(owner, first, null),
  },
  {
    path: 'the balances of a user',
    table: 'ledger_accounts',
    index: 'ledger_accounts_owner',
    walk: ({ store }) => store.wallets.balances(owner),
  },
  {
    path: 'the story of a deposit',
    table: 'audit_log',
    index: 'audit_log_subject',
    walk: ({ store }) => store.deposits.story('1', 10),
  },
  {
    path: 'a free address',
    table: 'payment_addresses',
    index: ['payment_addresses_free', 'payment_addresses_turnover'],
    walk: ({ store }) =>
      store.transaction((tx) =>
        tx.addresses.allocate('bank', { depositId: '1', ownerId: owner, heldUntil: clock.now() }),
      ),
  },
  {
    path: 'the addresses kept for an owner',
    table: 'payment_addresses',
    index: 'payment_addresses_owner',
    walk: ({ store }) => store.transaction((tx) => tx.addresses.heldBy(owner)),
  },
  {
    path: 'the open deposits of an owner',
    table: 'deposits',
    index: 'deposits_owner_status',
    walk: ({ store }) => store.transaction((tx) => tx.deposits.countOpen(owner)),
  },
  {
    path: 'addresses that have rested',
    table: 'a',
    index: 'payment_addresses_turnover',
    walk: ({ turnOver }) => turnOver(),
  },
]

async function publishOnce(database: Database) {
  const noop = async () => {}
  const relay = startOutboxRelay({
    ...{ database, clock, publish: noop, flush: noop, onSetAside() {}, log: silent },
    ...{ batchMaxRows: 5, attemptsMax: 1, pollMs: 10_000 },
  })
  await relay[Symbol.asyncDispose]()
}

interface Plan {
  readonly select_type: string
  readonly table: string | null
  readonly type: string | null
  readonly key: string | null
  readonly rows: string | number
}

// Only this dialect plans by statistics; the embedded one is asked for its plans nowhere.
describe.each(backends.filter(({ name }) => name !== 'embedded'))('$name goes by an index for', (backend: Backend) => {
  let opened: OpenBackend
  let database: Database
  let payments: Payments

  beforeAll(async () => {
    opened = await backend.open()
    database = await openMigrated(opened.env)
    payments = buildPayments({ database, clock, gateway: createFakeGateway() })
    for (const seed of seeds) await database.sequelize.query(seed)
    const tables =
      'deposits, payment_addresses, webhook_notices, outbox, suspense_cases, ledger_postings, ledger_entries'
    await database.sequelize.query(`ANALYZE TABLE ${tables}, ledger_accounts, audit_log`)
  })
  afterAll(async () => {
    await database[Symbol.asyncDispose]()
    await opened[Symbol.asyncDispose]()
  })

  it.each(hotPaths)('$path', async ({ table, index, walk }) => {
    const statements = await sentStatements(database, () => walk(payments, database))
    const plans: (Plan & { sql: string })[] = []
    for (const sql of statements.filter((text) => /^\s*(SELECT|UPDATE|DELETE)/i.test(text))) {
      if (/UNIX_TIMESTAMP/.test(sql)) continue
      const [rows] = (await database.sequelize.query(`EXPLAIN ${sql}`)) as unknown as [Plan[]]
      plans.push(...rows.map((row) => ({ ...row, sql })))
    }
    const scans = plans.filter(({ type, table: read }) => type === 'ALL' && read !== null && !read.startsWith('<'))
    expect(scans, 'whole tables that are read').toEqual([])
    const planned = plans.find((plan) => plan.table === table)
    expect([index].flat(), JSON.stringify(planned ?? statements)).toContain(planned?.key)
  })
})
