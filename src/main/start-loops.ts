import type { LogScan } from '../logscan/app/scan-ports.ts'
import { startAuditSealer } from '../platform/audit-chain.ts'
import { startLoop } from '../platform/lifecycle.ts'
import { type OutboxEvent, pruneOutbox } from '../platform/outbox.ts'
import { startOutboxRelay } from '../platform/outbox-relay.ts'
import type { Realtime } from '../platform/realtime.ts'
import type { Resources } from '../platform/resources.ts'
import type { Identity } from './build-identity.ts'
import type { Logscan } from './build-logscan.ts'
import type { Payments } from './build-payments.ts'
import { followLogs, type GroupTold } from './follow-logs.ts'
import type { Platform } from './open-platform.ts'
import type { Overrides } from './overrides.ts'
import { startScans } from './take-up-scans.ts'

interface LoopsOf {
  readonly platform: Platform
  readonly identity: Identity
  readonly payments: Payments
  readonly logscan: Logscan
  readonly realtime: Realtime
  readonly overrides: Pick<Overrides, 'beforePublish' | 'afterPublish'>
}

const clockSyncMs = 1_000
const sealIntervalMs = 1_000
const sealBatchMaxRows = 500
const housekeepingMs = 60_000
const pruneMaxRows = 1_000

/** Starts what works without being asked, as the role of this process says. */
export function startLoops(
  { platform, identity, payments, logscan, realtime, overrides }: LoopsOf,
  resources: Resources,
): void {
  const { config, database, clock, log, metrics, outboxWake } = platform
  // Processes that only answer calls tell the time too; timers drift, and stand still while a machine sleeps.
  resources.use(startLoop({ name: 'clock', intervalMs: clockSyncMs, work: clock.sync, log }))
  if (config.ROLE === 'api') return
  if (config.ROLE !== 'worker') {
    const onGroups: GroupTold = (news) => {
      for (const { group, kind, level, title, count } of news)
        logscan.feed.group(realtime, { group, news: kind, level, title, count })
    }
    followLogs({ platform, realtime, onGroups, ...logscan }, resources)
    const tell = (scan: LogScan) => logscan.feed.scan(realtime, scan)
    startScans({ platform, onGroups, tell, ...logscan }, resources)
  }
  if (config.ROLE === 'scanner') return

  logscan.alerts.startLoops(resources, async (alert) => {
    logscan.feed.alert(realtime, alert)
    await realtime.flush()
  })
  const relay = resources.use(
    startOutboxRelay({
      ...{ database, clock, log },
      batchMaxRows: config.OUTBOX_BATCH_MAX_ROWS,
      attemptsMax: config.OUTBOX_ATTEMPTS_MAX,
      pollMs: config.OUTBOX_POLL_MS,
      onSetAside: ({ type }) => metrics.eventsSetAside.inc({ type }),
      flush: () => realtime.flush(),
      publish: async (events) => {
        await overrides.beforePublish?.(events)
        await publish(events)
        metrics.eventsPublished.inc(events.length)
        await overrides.afterPublish?.(events)
      },
    }),
  )
  outboxWake.wake = () => relay.wake()
  payments.startLoops(resources, clock.sync)
  resources.use(startAuditSealer({ database, intervalMs: sealIntervalMs, batchMaxRows: sealBatchMaxRows, log }))
  resources.use(startLoop({ name: 'housekeeping', intervalMs: housekeepingMs, work: prune, log }))

  /** Every event of every context goes to whoever listens. */
  async function publish(events: readonly OutboxEvent[]): Promise<void> {
    for (const { type, payload } of events) {
      if (type !== 'session.revoked') continue
      const { sessionId } = payload as { sessionId: string }
      identity.forgetSession(sessionId)
      realtime.endSession(sessionId, 'session_revoked')
    }
    await payments.feed.publish(events, realtime)
  }

  async function prune(): Promise<boolean> {
    const now = clock.now()
    const outboxRows = await pruneOutbox(database, now.getTime() - config.OUTBOX_RETENTION_MS, pruneMaxRows)
    const identityRows = await identity.prune(now, pruneMaxRows)
    const isMore = await logscan.prune(now.getTime(), pruneMaxRows)
    return isMore || [outboxRows, identityRows].some((rows) => rows >= pruneMaxRows)
  }
}
