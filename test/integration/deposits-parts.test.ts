import { describe, expect, it } from 'vitest'
import { backends } from '../support/backends.ts'
import { createFakeGateway } from '../support/fake-gateway.ts'
import { actorOf, buildPayments, createTestClock, openMigrated, userOf, violationsOf } from '../support/payments.ts'

const part = (transactionId: string, minor: bigint, paidAt: Date) => ({ transactionId, minor, currency: 'IDR', paidAt })
const key = (name: string) => `a key for ${name}`
const alice = actorOf(userOf(1))

describe.each(backends)('$name', (backend) => {
  async function open(policy: Parameters<typeof buildPayments>[0]['policy'] = {}, references: readonly string[] = []) {
    const opened = await backend.open()
    const database = await openMigrated(opened.env)
    const clock = createTestClock()
    const gateway = createFakeGateway({ references })
    const payments = buildPayments({ database, clock, gateway, policy })
    const create = (name: string, actor = alice) =>
      payments.create(actor, { amount: { minor: 100n, currency: 'IDR' }, method: 'bank', idempotencyKey: key(name) })
    const tell = (chargeId: string, ...told: ReturnType<typeof part>[]) =>
      payments.apply({
        provider: gateway.name,
        report: { chargeId, status: 'paid', payments: told, takebacks: [] },
        learntAt: clock.now(),
        complete: true,
      })
    return {
      ...{ database, clock, gateway, payments, create, tell },
      async [Symbol.asyncDispose]() {
        await database[Symbol.asyncDispose]()
        await opened[Symbol.asyncDispose]()
      },
    }
  }

  it('parts that come to light together after the end are credited, and no case of them stays open', async () => {
    await using house = await open()
    const { id, createdAt } = await house.create('parts')
    house.clock.pass(61_000)
    await house.payments.sweep()
    await house.tell(id, part('t-1', 40n, createdAt), part('t-2', 60n, createdAt))
    expect(await house.payments.store.deposits.find(id)).toMatchObject({ status: 'settled', creditedMinor: 100n })
    const cases = await house.database.select<{ kind: string; status: string }>(
      'SELECT kind, status FROM suspense_cases',
    )
    expect(cases).toEqual([{ kind: 'paid_partial', status: 'credited' }])
    const booked = await house.database.select('SELECT disposition FROM provider_transactions ORDER BY transaction_id')
    expect(booked).toEqual([{ disposition: 'credited' }, { disposition: 'credited' }])
    expect(await violationsOf(house.payments)).toEqual([])
  })

  it('a part that is paid before the charge is confirmed waits for the rest', async () => {
    await using house = await open()
    house.gateway.mood = 'lost'
    await expect(house.create('unheard')).rejects.toMatchObject({ code: 'gateway.unavailable' })
    const [id] = [...house.gateway.charges.keys()]
    await house.tell(id!, part('t-1', 40n, house.clock.now()))
    expect(await house.payments.store.deposits.find(id!)).toMatchObject({ status: 'partially_paid', partMinor: 40n })
    house.gateway.mood = 'well'
    expect((await house.create('unheard')).status).toBe('partially_paid')
    expect(await violationsOf(house.payments)).toEqual([])
  })

  it('a transaction counts once, ever, whichever charge it is told of', async () => {
    await using house = await open()
    const [first, second] = [await house.create('first'), await house.create('second')]
    await house.tell(first.id, part('t-1', 100n, house.clock.now()))
    await house.tell(second.id, part('t-1', 100n, house.clock.now()))
    expect(await house.payments.store.deposits.find(second.id)).toMatchObject({ status: 'pending', receivedMinor: 0n })
    expect((await house.payments.store.wallets.balances(alice.userId))[0]?.postedMinor).toBe(100n)
  })

  it('an address is taken again only after the late watch and its rest, by one of many who ask at once', async () => {
    await using house = await open({ lateWatchMs: 10_000, addressCoolingMs: 5_000, addressesMax: 1 }, ['the one'])
    expect((await house.create('first')).reference).toBe('the one')
    house.clock.pass(60_000 + 10_000 - 1)
    await house.payments.sweep()
    await turnOver()
    expect(await statusOf()).toBe('allocated')
    house.clock.pass(1)
    await turnOver()
    expect(await statusOf()).toBe('cooling')
    house.clock.pass(4_999)
    await turnOver()
    expect(await statusOf()).toBe('cooling')
    house.clock.pass(1)
    const asking = Array.from({ length: 12 }, (_, i) => house.create(`next ${i}`, actorOf(userOf(i + 2))))
    const outcomes = await Promise.allSettled([...asking, turnOver(), turnOver()])
    await turnOver()
    outcomes.push(...(await Promise.allSettled([1, 2].map((i) => house.create(`last ${i}`, actorOf(userOf(i)))))))
    const owners = await house.database.select<{ status: string; reference: string }>(
      "SELECT status, reference FROM deposits WHERE reference = 'the one' AND status = 'pending'",
    )
    expect(owners).toHaveLength(1)
    expect(await violationsOf(house.payments)).toEqual([])

    async function statusOf() {
      const [row] = await house.database.select<{ status: string }>(
        "SELECT status FROM payment_addresses WHERE reference = 'the one'",
      )
      return row?.status
    }
    function turnOver() {
      return house.payments.turnOver()
    }
  })

  it('an address stays with a payment that is processed for longer than the watch', async () => {
    await using house = await open({ lateWatchMs: 1_000, addressCoolingMs: 0 })
    const { id } = await house.create('slow')
    const report = { chargeId: id, status: 'processing' as const, payments: [], takebacks: [] }
    await house.payments.apply({ provider: 'fake', report, learntAt: house.clock.now(), complete: true })
    house.clock.pass(3600_000)
    await house.payments.turnOver()
    await house.payments.turnOver()
    expect(await house.database.select('SELECT status FROM payment_addresses')).toEqual([{ status: 'allocated' }])
  })
})
