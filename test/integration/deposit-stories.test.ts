import { describe, expect, it } from 'vitest'
import { readDeposits } from '../../src/payments/app/read-deposits.ts'
import { backends } from '../support/backends.ts'
import { createFakeGateway } from '../support/fake-gateway.ts'
import { actorOf, buildPayments, createTestClock, openMigrated, userOf } from '../support/payments.ts'
import { newKey } from '../support/sdk.ts'

const alice = actorOf(userOf(1))

describe.each(backends)('the story of a deposit, $name', (backend) => {
  async function open() {
    const opened = await backend.open()
    const database = await openMigrated(opened.env)
    const clock = createTestClock()
    const payments = buildPayments({ database, clock, gateway: createFakeGateway() })
    const amount = { minor: 100n, currency: 'IDR' as const }
    const { id } = await payments.create(alice, { amount, method: 'bank', idempotencyKey: newKey() })
    const { timeline } = readDeposits(payments)
    return {
      ...{ payments, id },
      story: async () => (await timeline(alice, id)).map(({ action }) => action),
      told: (status: 'paid' | 'denied') =>
        payments.apply({
          provider: 'fake',
          report: {
            chargeId: id,
            status,
            payments: status === 'paid' ? [{ transactionId: 't', ...amount, paidAt: clock.now() }] : [],
            takebacks: [],
          },
          learntAt: clock.now(),
          complete: true,
        }),
      async [Symbol.asyncDispose]() {
        await database[Symbol.asyncDispose]()
        await opened[Symbol.asyncDispose]()
      },
    }
  }
  const settled = ['deposit.created', 'deposit.pending', 'payment.received', 'deposit.settled']

  it('does not grow with refused cancels: each kind is told once', async () => {
    await using house = await open()
    await house.told('paid')
    for (let i = 0; i < 5; i++)
      await expect(house.payments.cancel(alice, house.id)).rejects.toMatchObject({ code: 'deposit.transition_illegal' })
    await Promise.allSettled(Array.from({ length: 10 }, () => house.payments.cancel(alice, house.id)))
    expect(await house.story()).toEqual([...settled, 'deposit.transition_refused'])
  })

  it('does not grow with what the provider says again and again, and keeps refusals of another kind', async () => {
    await using house = await open()
    await house.told('paid')
    for (let i = 0; i < 5; i++) await house.told('denied')
    await expect(house.payments.cancel(alice, house.id)).rejects.toMatchObject({ code: 'deposit.transition_illegal' })
    expect(await house.story()).toEqual([...settled, 'deposit.transition_refused', 'deposit.transition_refused'])
  })

  it('is read from its newest steps, oldest first', async () => {
    await using house = await open()
    const subject = `deposit:${house.id}`
    await house.payments.store.transaction((tx) =>
      tx.audit(Array.from({ length: 600 }, (_, i) => ({ actor: 'system', action: `step.${i}`, subject, details: {} }))),
    )
    await house.told('paid')
    const story = await house.story()
    expect(story).toHaveLength(500)
    expect(story.slice(-3)).toEqual(['step.599', 'payment.received', 'deposit.settled'])
    expect(story[0]).toBe('step.102')
  })
})
