// A server process that can be told to die at an exact moment, and whose machine clock can be wrong.
import type { Tx } from '../../src/platform/database/database.ts'
import type { OutboxEvent } from '../../src/platform/outbox.ts'
import type { FaultMessage, NodeMessage, Trap } from './node-process.ts'

const skewMs = Number(process.env.FAULT_CLOCK_SKEW_MS ?? 0)
/** How fast the timer runs; 1 is right. */
const timerSpeed = Number(process.env.FAULT_TIMER_SPEED ?? 1)
if (skewMs !== 0) skewDate()
// After the clock was set wrong: modules may look at it while they load.
const { createApp } = await import('../../src/main/app.ts')
const { readConfig } = await import('../../src/platform/config.ts')

let trap: Trap | null = null
const settling = new WeakSet<Tx>()
/** Long enough for what was pushed to reach a client on the same machine. */
const pushTakesMs = 200

process.on('message', (message: FaultMessage) => {
  trap = message.trap
  tell({ armed: true })
})
process.on('disconnect', () => process.exit(1))

const app = await createApp(readConfig(), {
  databaseHooks: {
    async beforeCommit(tx) {
      if (trap === null || !(await settles(tx, trap.depositId))) return
      if (trap.moment === 'before commit') return die()
      settling.add(tx)
    },
    async afterCommit(tx) {
      if (trap?.moment === 'after commit' && settling.has(tx)) await die()
    },
  },
  async beforePublish(events) {
    if (trap?.moment === 'before publish' && tellsOfPayment(events)) await die()
  },
  async afterPublish(events) {
    tell({ published: events.map(({ id, type, subject }) => ({ id, type, subject })) })
    if (trap?.moment !== 'after publish' || !tellsOfPayment(events)) return
    await new Promise((resolve) => setTimeout(resolve, pushTakesMs))
    await die()
  },
  monotonicMs: () => performance.now() * timerSpeed + skewMs,
})
console.log(JSON.stringify({ url: app.url }))

process.once('SIGTERM', async () => {
  await app[Symbol.asyncDispose]()
  process.removeAllListeners('disconnect')
  process.disconnect()
})

async function settles(tx: Tx, id: string): Promise<boolean> {
  const [row] = await tx.select<{ status: string }>('SELECT status FROM deposits WHERE id = :id', { id })
  return row?.status === 'settled'
}

function tellsOfPayment(events: readonly OutboxEvent[]): boolean {
  return events.some(({ type, subject }) => type === 'payment.paid' && subject === `deposit:${trap?.depositId}`)
}

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => {})
}

function tell(message: NodeMessage): void {
  if (process.connected) process.send?.(message)
}

function skewDate(): void {
  const RightDate = Date
  globalThis.Date = class extends RightDate {
    constructor(...given: unknown[]) {
      super(...((given.length === 0 ? [RightDate.now() + skewMs] : given) as [number]))
    }
    static override now = () => RightDate.now() + skewMs
  } as DateConstructor
}
