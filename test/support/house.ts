import type { PaymentsPolicy } from '../../src/payments/app/policy.ts'
import type { ChargeStatus, ProviderPayment, ProviderTakeback } from '../../src/payments/domain/gateway.ts'
import type { Backend } from './backends.ts'
import { createFakeGateway, noticeBody } from './fake-gateway.ts'
import { suspenseMinor } from './money-facts.ts'
import { actorOf, buildPayments, createTestClock, openMigrated, userOf, violationsOf } from './payments.ts'

export const alice = actorOf(userOf(1))
export const bob = actorOf(userOf(2))
export const price = 100n

/** Payments over fresh data with a provider beside them; what happens at the provider is told only when a test says so. */
export async function openHouse(backend: Backend, policy: Partial<PaymentsPolicy> = {}) {
  const opened = await backend.open()
  const database = await openMigrated(opened.env)
  const clock = createTestClock()
  const gateway = createFakeGateway()
  const payments = buildPayments({ database, clock, gateway, policy })
  let serial = 0

  /** An open deposit of `price`. */
  async function create(owner = alice): Promise<string> {
    const amount = { minor: price, currency: 'IDR' as const }
    const { id } = await payments.create(owner, {
      amount,
      method: 'bank',
      idempotencyKey: `a key of tests ${++serial}`,
    })
    return id
  }

  async function notify(
    chargeId: string,
    told: { status?: ChargeStatus; payments?: ProviderPayment[]; takebacks?: ProviderTakeback[] },
  ) {
    const report = { chargeId, status: 'paid' as const, payments: [], takebacks: [], ...told }
    await payments.receive(gateway.name, noticeBody(`e-${++serial}`, report), () => undefined)
    for (const notice of payments.handedOver.splice(0)) await payments.handle(notice)
  }

  return {
    ...{ database, clock, gateway, payments, create, notify },

    /** The payer pays, now by our clock, and the provider tells. */
    async pay(chargeId: string, minor = price, currency = 'IDR') {
      const payment = { transactionId: `p-${++serial}`, minor, currency, paidAt: clock.now() }
      gateway.pay(chargeId, payment)
      await notify(chargeId, { payments: [payment] })
    },

    /** The provider takes it back by itself, and tells. */
    async takeBack(chargeId: string, minor = price, currency = 'IDR') {
      const takeback = { transactionId: `b-${++serial}`, kind: 'reversal' as const, minor, currency }
      gateway.takeBack(chargeId, takeback)
      await notify(chargeId, { takebacks: [takeback] })
    },

    async expire() {
      clock.pass(61_000)
      await payments.sweep()
    },

    /** One pass of the janitor, over everything that is due. */
    ask: () => payments.janitor(async (due, ask) => void (await Promise.all(due.map(ask)))),

    deposit: (id: string) => payments.store.deposits.find(id),
    story: async (id: string) => (await payments.store.deposits.story(id, 500)).map(({ action }) => action),
    suspense: (currency = 'IDR') => suspenseMinor(database, currency),
    violations: () => violationsOf(payments),

    async cases() {
      const rows = await database.select<{ kind: string; status: string; minor: string; currency: string }>(
        'SELECT kind, status, minor, currency FROM suspense_cases ORDER BY id',
      )
      return rows.map(({ kind, status, minor, currency }) => `${kind} ${status} ${minor} ${currency}`)
    },

    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]()
      await opened[Symbol.asyncDispose]()
    },
  }
}

export type House = Awaited<ReturnType<typeof openHouse>>
