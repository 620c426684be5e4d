import { describe, expect, it } from 'vitest'
import type { XmClient } from '../../client-sdk/src/index.ts'
import { depositOwners } from '../../db/migrations/0005-deposit-owners.ts'
import { backends } from '../support/backends.ts'
import { createFakeGateway } from '../support/fake-gateway.ts'
import { alsoAt } from '../support/payer.ts'
import { actorOf, buildPayments, createTestClock, openMigrated, userOf } from '../support/payments.ts'
import { openProduct } from '../support/product.ts'
import { idr, newKey, refusalOf, signUp } from '../support/sdk.ts'

const create = ({ deposits }: XmClient) =>
  deposits.create.mutate({ amount: idr(50_000), method: 'bank_transfer', idempotencyKey: newKey() })

async function createAndCancel(client: XmClient) {
  const { id } = await create(client)
  await client.deposits.cancel.mutate({ id })
}

const lifeMs = 60_000
const lateWatchMs = 120_000
const perUserMax = 2

describe.each(backends)('$name', (backend) => {
  it.each([
    ['deposit.too_many_open', { DEPOSITS_OPEN_PER_USER_MAX: '7' }],
    ['deposit.too_many_addresses', { DEPOSIT_ADDRESSES_PER_USER_MAX: '7' }],
  ])('20 deposits at once over all nodes do not pass the limit of %s', async (code, env) => {
    await using product = await openProduct(backend, env)
    const { client, id } = await signUp(product.app.url)
    const clients = [client]
    if (backend.name !== 'embedded') clients.push(await alsoAt((await product.openNode()).url, client))
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => create(clients[index % clients.length]!)),
    )
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
    expect(refusals).toEqual(Array(13).fill(code))
    const made = await product.app.database.select('SELECT id FROM deposits WHERE owner_id = :id', { id })
    expect(made).toHaveLength(7)
  })

  it('one who creates and cancels in a loop leaves addresses for the others', async () => {
    await using product = await openProduct(backend, { DEPOSIT_ADDRESSES_PER_USER_MAX: '3' })
    const [{ client }, other] = [await signUp(product.app.url), await signUp(product.app.url)]
    for (let i = 0; i < 3; i++) await createAndCancel(client)
    const refusal = await refusalOf(create(client))
    expect(refusal).toMatchObject({ code: 'deposit.too_many_addresses', kind: 'rate_limited', details: { max: 3 } })
    const dayMs = 86_400_000
    expect(refusal.retryAfterMs).toBeGreaterThan(dayMs)
    expect(refusal.retryAfterMs).toBeLessThanOrEqual(dayMs + 900_000)
    await expect(create(other.client)).resolves.toMatchObject({ status: 'pending' })
  })

  it('an address counts until its watch is over, and no longer', async () => {
    await using opened = await backend.open()
    await using database = await openMigrated(opened.env)
    const clock = createTestClock()
    const policy = { addressesPerUserMax: perUserMax, lateWatchMs, addressCoolingMs: 3_600_000 }
    const payments = buildPayments({ database, clock, gateway: createFakeGateway({ ttlMs: lifeMs }), policy })
    const alice = actorOf(userOf(1))
    const ask = () =>
      payments.create(alice, { amount: { minor: 100n, currency: 'IDR' }, method: 'bank', idempotencyKey: newKey() })
    await ask()
    clock.pass(10_000)
    await payments.cancel(alice, (await ask()).id)
    await payments.sweep()
    await expect(ask()).rejects.toMatchObject({ details: { retryAfterMs: lifeMs + lateWatchMs - 10_000 } })
    clock.pass(lifeMs + lateWatchMs - 10_000)
    await payments.sweep()
    await expect(ask()).rejects.toMatchObject({ details: { max: perUserMax, retryAfterMs: 5_000 } })
    await payments.turnOver()
    await expect(ask()).resolves.toMatchObject({ status: 'pending' })
    await expect(ask()).rejects.toMatchObject({ details: { retryAfterMs: 10_000 } })
  })

  it('deposits from before the limit count as well', async () => {
    await using opened = await backend.open()
    await using database = await openMigrated(opened.env)
    const clock = createTestClock()
    const payments = buildPayments({ database, clock, gateway: createFakeGateway() })
    const alice = actorOf(userOf(1))
    await payments.create(alice, {
      amount: { minor: 100n, currency: 'IDR' },
      method: 'bank',
      idempotencyKey: newKey(),
    })
    const schema = database.sequelize.getQueryInterface()
    await schema.removeIndex('payment_addresses', 'payment_addresses_owner')
    await schema.removeColumn('payment_addresses', 'owner_id')
    await schema.dropTable('deposit_owners')
    await depositOwners.up({
      schema,
      dialect: database.dialect,
      run: async (sql) => void (await database.sequelize.query(sql)),
    })
    expect(await payments.store.transaction((tx) => tx.addresses.heldBy(alice.userId))).toMatchObject({ count: 1 })
  })
})
