import type { NoticeQueue, StoredNotice } from '../../src/payments/app/notice-port.ts'
import type { ChargeReport } from '../../src/payments/domain/gateway.ts'
import type { Database } from '../../src/platform/database/database.ts'
import type { Backend } from './backends.ts'
import { createFakeGateway, type FakeGateway, noticeBody } from './fake-gateway.ts'
import { actorOf, buildPayments, createTestClock, openMigrated, userOf } from './payments.ts'
import { newKey } from './sdk.ts'

export const owner = userOf(1)
const amount = { minor: 100n, currency: 'IDR' as const }

interface HouseOptions {
  readonly gateway?: FakeGateway
  readonly policy?: Parameters<typeof buildPayments>[0]['policy']
}

/** Payments over one database: nodes, a provider, and its notices. */
export async function openNoticeHouse(
  backend: Backend,
  { gateway = createFakeGateway(), policy = {} }: HouseOptions = {},
) {
  const opened = await backend.open()
  const database = await openMigrated(opened.env)
  const clock = createTestClock()
  const node = (queue?: NoticeQueue) =>
    buildPayments({ database, clock, gateway, policy, ...(queue === undefined ? {} : { queue }) })
  const payments = node()
  let made = 0
  return {
    ...{ database, clock, gateway, node, payments },
    create: () => payments.create(actorOf(owner), { amount, method: 'bank', idempotencyKey: newKey() }),
    /** What the provider says of a full payment. */
    paid: (chargeId: string): ChargeReport => {
      const payments = [{ transactionId: `t-${++made}`, ...amount, paidAt: clock.now() }]
      return { chargeId, status: 'paid', payments, takebacks: [] }
    },
    /** The same event when it is delivered again. */
    deliver: (report: ChargeReport, { to = payments, eventId = `e-${++made}` } = {}) =>
      to.receive(gateway.name, noticeBody(eventId, report), () => undefined),
    rows: () => noticeRows(database),
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]()
      await opened[Symbol.asyncDispose]()
    },
  }
}

/** A queue with as much room as it is given, that hands out what it was given. */
export function listQueue(room: number, takesNew = true) {
  const notices: StoredNotice[] = []
  return { room, takesNew, notices, add: (notice: StoredNotice) => void notices.push(notice) }
}

interface NoticeFacts {
  readonly id: string
  readonly event_id: string
  readonly status: string
  readonly outcome: string | null
  readonly attempts: number
  readonly next_attempt_at_ms: string | null
}

async function noticeRows(database: Database): Promise<NoticeFacts[]> {
  return database.select<NoticeFacts>(
    'SELECT id, event_id, status, outcome, attempts, next_attempt_at_ms FROM webhook_notices ORDER BY id',
  )
}
