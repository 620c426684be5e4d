import { pino } from 'pino'
import { migrations } from '../../db/migrations/index.ts'
import type { Actor } from '../../src/kernel/actor.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { createLedgerAuditor } from '../../src/payments/adapters/sequelize/ledger-auditor.ts'
import { createPaymentsStore } from '../../src/payments/adapters/sequelize/payments-store.ts'
import { applyReport } from '../../src/payments/app/apply-report.ts'
import { askGateways } from '../../src/payments/app/ask-gateways.ts'
import { cancelDeposit } from '../../src/payments/app/cancel-deposit.ts'
import { createDeposit } from '../../src/payments/app/create-deposit.ts'
import type { Gateway } from '../../src/payments/app/gateway-port.ts'
import { handleNotice } from '../../src/payments/app/handle-notice.ts'
import type { NoticeName, NoticeQueue, StoredNotice } from '../../src/payments/app/notice-port.ts'
import { openCharge } from '../../src/payments/app/open-charge.ts'
import type { PaymentsPolicy } from '../../src/payments/app/policy.ts'
import type { UserDirectory } from '../../src/payments/app/ports.ts'
import { pruneNotices } from '../../src/payments/app/prune-notices.ts'
import { receiveNotice } from '../../src/payments/app/receive-notice.ts'
import { refundCases } from '../../src/payments/app/refund-cases.ts'
import { sweepDeposits } from '../../src/payments/app/sweep-deposits.ts'
import { takeUpNotices } from '../../src/payments/app/take-up-notices.ts'
import { transfer } from '../../src/payments/app/transfer.ts'
import { turnOverAddresses } from '../../src/payments/app/turn-over-addresses.ts'
import { verifyLedger } from '../../src/payments/app/verify-ledger.ts'
import type { Deposit } from '../../src/payments/domain/deposit.ts'
import { createAudit } from '../../src/platform/audit.ts'
import { readConfig } from '../../src/platform/config.ts'
import { type Database, type DatabaseHooks, openDatabase } from '../../src/platform/database/database.ts'
import { migrate } from '../../src/platform/database/migrate.ts'
import { createIdempotency } from '../../src/platform/idempotency.ts'
import { createIds } from '../../src/platform/ids.ts'
import { createOutbox } from '../../src/platform/outbox.ts'

export const silent = pino({ level: 'silent' })

/** A clock that stands still until it is moved. */
export interface TestClock extends Clock {
  pass(ms: number): void
}

export function createTestClock(startMs = Date.UTC(2026, 0, 1)): TestClock {
  let nowMs = startMs
  return {
    now: () => new Date(nowMs),
    pass(ms) {
      nowMs += ms
    },
  }
}

export const roomyPolicy: PaymentsPolicy = {
  latePolicy: 'review',
  lateWatchMs: 120_000,
  addressCoolingMs: 60_000,
  addressesMax: 10_000,
  addressesPerUserMax: 10_000,
  depositsOpenPerUserMax: 10_000,
  transferMaxMinor: 2n ** 63n - 1n,
  sweepBatchMaxRows: 200,
  janitorBatchMaxRows: 500,
  gatewayConcurrencyMax: 4,
  gatewayTimeoutMs: 5_000,
  noticeAttemptsMax: 1000,
  noticeRetentionMs: 30 * 24 * 3600_000,
}

export const actorOf = (userId: string): Actor => ({ userId, sessionId: userId, roles: ['user'], totp: false })

/** The id of the test user with that number. */
export const userOf = (number: number) => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`

export async function openMigrated(env: Readonly<Record<string, string>>, hooks?: DatabaseHooks): Promise<Database> {
  const database = await openDatabase(readConfig({ ...env }), hooks)
  await migrate(database, migrations, silent)
  return database
}

export type Payments = ReturnType<typeof buildPayments>

interface BuildPayments {
  readonly database: Database
  readonly clock: Clock
  readonly gateway: Gateway
  readonly policy?: Partial<PaymentsPolicy>
  readonly directory?: UserDirectory
  /** In place of the list `handedOver`. */
  readonly queue?: NoticeQueue
}

/** Everybody's handle is their id. */
const idsAsHandles: UserDirectory = {
  findUser: async (id) => (id.startsWith('0000') ? { id, handle: id } : null),
  handlesOf: async (ids) => new Map(ids.map((id) => [id, id])),
}

/** The use cases of payments, built by hand over a real database. No loop runs: a test decides what happens when. */
export function buildPayments({
  database,
  clock,
  gateway,
  policy: given = {},
  directory = idsAsHandles,
  queue: ownQueue,
}: BuildPayments) {
  const policy = { ...roomyPolicy, ...given }
  const ids = createIds(clock)
  const audit = createAudit({ database, clock, ids })
  const outbox = createOutbox({ database, clock, ids, wake() {} })
  const idempotency = createIdempotency({ database, clock })
  const store = createPaymentsStore({ database, clock, audit, outbox, idempotency })
  const gateways = {
    get: (name: string) => (name === gateway.name ? gateway : undefined),
    methods: () => gateway.methods,
  }
  const handedOver: StoredNotice[] = []
  const list = { room: 1000, takesNew: true, add: (notice: StoredNotice) => void handedOver.push(notice) }
  const told = { handled: [] as string[], handledBefore: [] as string[], setAside: [] as [string, string][] }
  const events = {
    handled: ({ id }: NoticeName) => void told.handled.push(id),
    handledBefore: ({ id }: NoticeName) => void told.handledBefore.push(id),
    setAside: ({ id }: NoticeName, reason: string) => void told.setAside.push([id, reason]),
  }
  const deps = { store, clock, ids, gateways, policy, directory, queue: ownQueue ?? list, events }
  const applying = applyReport(deps)
  const opening = openCharge(deps)
  const handling = handleNotice({ ...deps, applyReport: applying })
  const auditor = createLedgerAuditor(database)

  return {
    store,
    policy,
    auditor,
    /** Notices that were stored and that nobody handled yet. */
    handedOver,
    /** What operators were told of notices. */
    told,
    create: createDeposit({ ...deps, openCharge: opening }),
    cancel: cancelDeposit(deps),
    apply: applying,
    receive: receiveNotice(deps),
    handle: handling,
    takeUp: takeUpNotices(deps),
    prune: pruneNotices(deps),
    sweep: sweepDeposits(deps),
    /** `each` decides how the questions are asked. */
    janitor: (each: (deposits: readonly Deposit[], ask: (deposit: Deposit) => Promise<void>) => Promise<void>) =>
      askGateways({
        ...deps,
        applyReport: applying,
        openCharge: opening,
        each: (deposits, _limit, ask) => each(deposits, ask),
      })(),
    refundCases: refundCases({ ...deps, applyReport: applying }),
    transfer: transfer(deps),
    turnOver: turnOverAddresses(deps),
    verify: verifyLedger({ auditor, clock }),
  }
}

/** What is broken, in the auditor's words; empty when the ledger is in order. */
export async function violationsOf({ verify }: Pick<Payments, 'verify'>): Promise<string[]> {
  const { checks } = await verify()
  return checks.flatMap(({ invariant, violations }) => violations.map((violation) => `${invariant}: ${violation}`))
}
