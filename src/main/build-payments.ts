import { randomBytes } from 'node:crypto'
import pMap from 'p-map'
import type { Clock } from '../kernel/clock.ts'
import type { Ids } from '../kernel/ids.ts'
import { webhookRoutes } from '../payments/adapters/http/webhook-routes.ts'
import { createNoticeEvents } from '../payments/adapters/notice-events.ts'
import { createNoticeQueue } from '../payments/adapters/notice-queue.ts'
import { createSimulatorGateway } from '../payments/adapters/provider/simulator-gateway.ts'
import { createDepositFeed } from '../payments/adapters/realtime/deposit-feed.ts'
import { createDepositTicker, type DepositTick } from '../payments/adapters/realtime/deposit-ticker.ts'
import { createLedgerAuditor } from '../payments/adapters/sequelize/ledger-auditor.ts'
import { createPaymentsStore } from '../payments/adapters/sequelize/payments-store.ts'
import { createDepositRouter } from '../payments/adapters/trpc/deposit-router.ts'
import { createLedgerRouter } from '../payments/adapters/trpc/ledger-router.ts'
import { createWalletRouter } from '../payments/adapters/trpc/wallet-router.ts'
import { applyReport } from '../payments/app/apply-report.ts'
import { askGateways } from '../payments/app/ask-gateways.ts'
import { cancelDeposit } from '../payments/app/cancel-deposit.ts'
import { createDeposit } from '../payments/app/create-deposit.ts'
import type { Gateway } from '../payments/app/gateway-port.ts'
import { handleNotice } from '../payments/app/handle-notice.ts'
import { openCharge } from '../payments/app/open-charge.ts'
import type { PaymentsPolicy } from '../payments/app/policy.ts'
import type { Gateways, UserDirectory } from '../payments/app/ports.ts'
import { pruneNotices } from '../payments/app/prune-notices.ts'
import { readDeposits } from '../payments/app/read-deposits.ts'
import { receiveNotice } from '../payments/app/receive-notice.ts'
import { refundCases } from '../payments/app/refund-cases.ts'
import { sweepDeposits } from '../payments/app/sweep-deposits.ts'
import { takeUpNotices } from '../payments/app/take-up-notices.ts'
import { transfer } from '../payments/app/transfer.ts'
import { turnOverAddresses } from '../payments/app/turn-over-addresses.ts'
import { verifyLedger } from '../payments/app/verify-ledger.ts'
import type { Audit } from '../platform/audit.ts'
import type { Config } from '../platform/config.ts'
import type { Database } from '../platform/database/database.ts'
import type { Idempotency } from '../platform/idempotency.ts'
import { startLoop } from '../platform/lifecycle.ts'
import type { Logger } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { Outbox } from '../platform/outbox.ts'
import type { Resources } from '../platform/resources.ts'
import type { Procedures } from '../platform/trpc.ts'

interface BuildPayments {
  readonly config: Config
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly audit: Audit
  readonly outbox: Outbox
  readonly idempotency: Idempotency
  readonly directory: UserDirectory
  readonly metrics: Metrics
  readonly log: Logger
  /** Sends a tick to this node's sockets in the deposit's room. */
  readonly tick: (depositId: string, tick: DepositTick) => void
}

export type Payments = ReturnType<typeof buildPayments>

export function buildPayments(deps: BuildPayments) {
  const { config, database, clock, ids, audit, outbox, idempotency, directory, metrics, log, tick } = deps
  const policy = policyOf(config)
  const store = createPaymentsStore({ database, clock, audit, outbox, idempotency })
  const { gateways, open: openGateways } = createGateways(config, clock)
  const reading = readDeposits({ store })
  const applying = applyReport({ store, ids, policy })
  const opening = openCharge({ store, clock, ids, gateways, policy })
  const events = createNoticeEvents({ count: (provider, outcome) => metrics.notices.inc({ provider, outcome }), log })
  const handling = handleNotice({ store, clock, gateways, policy, applyReport: applying, events })
  const worksHere = config.ROLE === 'all' || config.ROLE === 'worker'

  const ticker = createDepositTicker({ clock, emit: tick })
  const queue = createNoticeQueue({
    handle: handling,
    failed: events.failed,
    concurrencyMax: config.WEBHOOK_CONCURRENCY_MAX,
    waitingMax: config.WEBHOOK_QUEUE_MAX,
  })
  const receiving = receiveNotice({ store, clock, ids, gateways, queue: worksHere ? queue : null })
  const verifying = verifyLedger({ auditor: createLedgerAuditor(database), clock })

  return {
    openGateways,
    feed: createDepositFeed({
      clock,
      wallets: store.wallets,
      deposits: store.deposits,
      readDeposits: reading,
      ticker,
      watchesMax: config.SOCKET_WATCHES_MAX,
    }),
    webhooks: webhookRoutes(receiving),
    ticker,
    queue,

    routersOf: (procedures: Procedures) => ({
      deposits: createDepositRouter(procedures, {
        clock,
        gateways,
        createDeposit: createDeposit({ store, clock, ids, gateways, policy, openCharge: opening }),
        cancelDeposit: cancelDeposit({ store, clock, ids }),
        readDeposits: reading,
      }),
      wallet: createWalletRouter(procedures, {
        wallets: store.wallets,
        directory,
        transfer: transfer({ store, ids, directory, policy }),
      }),
      ledger: createLedgerRouter(procedures, verifying),
    }),

    /** Starts the loops that work without being asked. */
    startLoops(resources: Resources, syncClock: () => Promise<void>): void {
      const loop = (name: string, intervalMs: number, work: () => Promise<boolean>) =>
        resources.use(startLoop({ name, intervalMs, work, log }))
      resources.use(queue)
      const sweep = sweepDeposits({ store, clock, ids, policy })
      loop('deposit sweeper', config.SWEEP_INTERVAL_MS, async () => {
        await syncClock()
        return sweep()
      })
      const each: Parameters<typeof askGateways>[0]['each'] = async (deposits, concurrency, ask) => {
        await pMap(
          deposits,
          (deposit) =>
            ask(deposit).catch((error: unknown) =>
              log.warn({ err: error, depositId: deposit.id }, 'the gateway could not be asked'),
            ),
          {
            concurrency,
          },
        )
      }
      loop(
        'gateway janitor',
        config.JANITOR_INTERVAL_MS,
        askGateways({ store, clock, gateways, policy, applyReport: applying, openCharge: opening, each }),
      )
      loop('webhook handler', config.WEBHOOK_POLL_MS, takeUpNotices({ store, clock, queue, events }))
      loop('case refunds', config.JANITOR_INTERVAL_MS, refundCases({ store, clock, gateways, applyReport: applying }))
      loop('webhook retention', noticePruningMs, pruneNotices({ store, clock, policy }))
      loop('address turnover', addressTurnoverMs, turnOverAddresses({ store, clock, policy }))
    },
  }
}

const addressTurnoverMs = 5_000
const noticePruningMs = 60_000

function policyOf(config: Config): PaymentsPolicy {
  return {
    latePolicy: config.DEPOSIT_LATE_POLICY,
    lateWatchMs: config.DEPOSIT_LATE_WATCH_MS,
    addressCoolingMs: config.DEPOSIT_ADDRESS_COOLING_MS,
    addressesMax: config.DEPOSIT_ADDRESSES_MAX,
    addressesPerUserMax: config.DEPOSIT_ADDRESSES_PER_USER_MAX,
    depositsOpenPerUserMax: config.DEPOSITS_OPEN_PER_USER_MAX,
    transferMaxMinor: config.TRANSFER_MAX_MINOR,
    sweepBatchMaxRows: config.SWEEP_BATCH_MAX_ROWS,
    janitorBatchMaxRows: config.JANITOR_BATCH_MAX_ROWS,
    gatewayConcurrencyMax: config.GATEWAY_CONCURRENCY_MAX,
    gatewayTimeoutMs: config.GATEWAY_TIMEOUT_MS,
    noticeAttemptsMax: config.WEBHOOK_ATTEMPTS_MAX,
    noticeRetentionMs: config.WEBHOOK_RETENTION_MS,
  }
}

/** Gateways are opened once their addresses are known, before any call is answered. */
function createGateways(config: Config, clock: Clock) {
  const byName = new Map<string, Gateway>()
  const gateways: Gateways = {
    get: (name) => byName.get(name),
    methods: () => [...byName.values()].flatMap(({ methods }) => methods),
  }
  function open({ simulator: { url, secret } }: { simulator: { url: string; secret: string } }): void {
    const simulator = createSimulatorGateway({
      url,
      secret,
      timeoutMs: config.GATEWAY_TIMEOUT_MS,
      ttlMs: config.DEPOSIT_TTL_MS,
      clock,
      randomBytes,
    })
    byName.set(simulator.name, simulator)
  }
  return { gateways, open }
}
