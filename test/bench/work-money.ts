import { randomUUID } from 'node:crypto'
import { createPaymentsStore } from '../../src/payments/adapters/sequelize/payments-store.ts'
import { applyReport } from '../../src/payments/app/apply-report.ts'
import { createDeposit } from '../../src/payments/app/create-deposit.ts'
import type { Gateway } from '../../src/payments/app/gateway-port.ts'
import { handleNotice } from '../../src/payments/app/handle-notice.ts'
import type { StoredNotice } from '../../src/payments/app/notice-port.ts'
import { openCharge } from '../../src/payments/app/open-charge.ts'
import type { PaymentsPolicy } from '../../src/payments/app/policy.ts'
import type { Gateways } from '../../src/payments/app/ports.ts'
import { createAudit } from '../../src/platform/audit.ts'
import { createSyncedClock } from '../../src/platform/clock.ts'
import { readConfig } from '../../src/platform/config.ts'
import { openDatabase } from '../../src/platform/database/database.ts'
import { createIdempotency } from '../../src/platform/idempotency.ts'
import { createIds } from '../../src/platform/ids.ts'
import { createOutbox } from '../../src/platform/outbox.ts'
import { addAccounts, addDeposits, addNotices, amount, method, newReference } from './money-rows.ts'
import { answerParent } from './parent-link.ts'
import { traceStatements } from './statements.ts'

/** The money path of the product: its store and use cases, wired as in production, without HTTP and without loops. */
const config = readConfig()
const database = await openDatabase(config)
const clock = await createSyncedClock(database.nowMs)
const ids = createIds(clock)
const audit = createAudit({ database, clock, ids })
const outbox = createOutbox({ database, clock, ids, wake: () => {} })
const store = createPaymentsStore({
  database,
  clock,
  audit,
  outbox,
  idempotency: createIdempotency({ database, clock }),
})
const unused = () => Promise.reject(new Error('the bench does not call this'))
const gateway: Gateway = {
  name: method.gateway,
  methods: [method],
  issueReference: newReference,
  createCharge: async ({ reference }) => ({ reference }),
  findCharge: unused,
  cancelCharge: unused,
  refundPayment: unused,
  readNotice: () => {
    throw new Error('the bench does not call this')
  },
}
const gateways: Gateways = { get: () => gateway, methods: () => gateway.methods }
const policy: PaymentsPolicy = {
  latePolicy: 'review',
  lateWatchMs: config.DEPOSIT_LATE_WATCH_MS,
  addressCoolingMs: config.DEPOSIT_ADDRESS_COOLING_MS,
  addressesMax: 1_000_000_000,
  addressesPerUserMax: 1_000_000,
  depositsOpenPerUserMax: 1_000_000,
  transferMaxMinor: config.TRANSFER_MAX_MINOR,
  sweepBatchMaxRows: config.SWEEP_BATCH_MAX_ROWS,
  janitorBatchMaxRows: config.JANITOR_BATCH_MAX_ROWS,
  gatewayConcurrencyMax: config.GATEWAY_CONCURRENCY_MAX,
  gatewayTimeoutMs: config.GATEWAY_TIMEOUT_MS,
  noticeAttemptsMax: config.WEBHOOK_ATTEMPTS_MAX,
  noticeRetentionMs: config.WEBHOOK_RETENTION_MS,
}
const deps = { store, clock, ids, gateways, policy }
const events = { handled() {}, handledBefore() {}, setAside() {} }
const handle = handleNotice({ ...deps, applyReport: applyReport(deps), events })
const create = createDeposit({ ...deps, openCharge: openCharge(deps) })

/** What one operation works with. The names also stand for its values in the traced statements. */
export type Job = Readonly<Record<'owner' | 'key', string>> & Readonly<Record<string, string>>

const notices = new Map<string, StoredNotice>()

async function prepareCredits({ owners, count }: { owners: readonly string[]; count: number }): Promise<Job[]> {
  const ownerIds = Array.from({ length: count }, (_, index) => owners[index % owners.length]!)
  const stored = await addNotices(database, await addDeposits(database, ownerIds))
  return stored.map((notice, index) => {
    notices.set(notice.id, notice)
    const transaction = notice.report.payments[0]!.transactionId
    return { owner: ownerIds[index]!, key: notice.id, deposit: notice.report.chargeId, transaction }
  })
}

const take = (key: string) => {
  const notice = notices.get(key)!
  notices.delete(key)
  return notice
}

async function createOne({ owner, key }: Job) {
  const actor = { userId: owner, sessionId: owner, roles: ['user' as const], totp: false }
  return create(actor, { amount, method: method.method, idempotencyKey: key })
}

async function timed(work: () => Promise<unknown>): Promise<{ elapsedMs: number; cpuMs: number }> {
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { elapsedMs: performance.now() - startedAt, cpuMs: (user + system) / 1000 }
}

/** Runs the jobs, as many at once as there are lanes. */
async function inLanes(jobs: readonly Job[], lanes: number, run: (job: Job) => Promise<unknown>): Promise<void> {
  const waiting = jobs.values()
  const lane = async () => {
    for (const job of waiting) await run(job)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

answerParent(
  {
    addUsers: async (count: number) => {
      const users = Array.from({ length: count }, () => ids.next())
      await addAccounts(database, users)
      return users
    },
    prepareCredits,
    prepareCreations: ({ owners, count }: { owners: readonly string[]; count: number }) =>
      Array.from({ length: count }, (_, index): Job => ({ owner: owners[index % owners.length]!, key: randomUUID() })),
    credit: ({ jobs, lanes }: { jobs: readonly Job[]; lanes: number }) =>
      timed(() => inLanes(jobs, lanes, ({ key }) => handle(take(key)))),
    create: ({ jobs, lanes }: { jobs: readonly Job[]; lanes: number }) => timed(() => inLanes(jobs, lanes, createOne)),
    traceCredit: (job: Job) =>
      traceStatements(database, async () => {
        await handle(take(job.key))
        return job
      }),
    traceCreation: (job: Job) =>
      traceStatements(database, async () => {
        const { id, reference } = await createOne(job)
        return { ...job, deposit: id, reference }
      }),
    /** How many of these deposits are settled, each with one posting. */
    settled: async (jobs: readonly Job[]) => {
      const [row] = await database.select<{ settled: string | number }>(
        `SELECT COUNT(*) AS settled FROM deposits d JOIN ledger_postings p ON p.reference = d.id
         WHERE d.id IN (:ids) AND d.status = 'settled'`,
        { ids: jobs.map(({ deposit }) => deposit) },
      )
      return Number(row?.settled)
    },
    pendingOf: async (owners: readonly string[]) => {
      const [row] = await database.select<{ pending: string | number }>(
        "SELECT COUNT(*) AS pending FROM deposits WHERE owner_id IN (:owners) AND status = 'pending'",
        { owners },
      )
      return Number(row?.pending)
    },
  },
  async () => database[Symbol.asyncDispose](),
)
