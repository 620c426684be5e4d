import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { minorMax } from '../../src/kernel/money.ts'
import { fromOutboxEvent } from '../../src/payments/adapters/sequelize/events.ts'
import { newDeposit } from '../../src/payments/domain/deposit.ts'
import { clearing, debt, posting, suspense, wallet } from '../../src/payments/domain/ledger.ts'
import type { Database } from '../../src/platform/database/database.ts'
import { createIds } from '../../src/platform/ids.ts'
import { backends, type OpenBackend } from '../support/backends.ts'
import { createFakeGateway } from '../support/fake-gateway.ts'
import { openHouse } from '../support/house.ts'
import { actorOf, buildPayments, createTestClock, openMigrated, type Payments, userOf } from '../support/payments.ts'

describe.each(backends)('the largest amount there is, $name', (backend) => {
  let opened: OpenBackend
  let database: Database
  let payments: Payments
  const clock = createTestClock()
  const ids = createIds(clock)
  const gateway = createFakeGateway()

  beforeAll(async () => {
    opened = await backend.open()
    database = await openMigrated(opened.env)
    payments = buildPayments({ database, clock, gateway })
  })
  afterAll(async () => {
    await database[Symbol.asyncDispose]()
    await opened[Symbol.asyncDispose]()
  })

  /** Moves money out of nowhere into a wallet, or back. */
  const grant = (userId: string, minor: bigint, from = suspense('IDR')) =>
    payments.store.transaction((tx) =>
      tx.ledger.post({
        id: ids.next(),
        ...posting('transfer', null, [
          { account: from, minor: -minor },
          { account: wallet(userId, 'IDR'), minor },
        ]),
      }),
    )
  const postedOf = async (userId: string) => (await payments.store.wallets.balances(userId))[0]?.postedMinor

  it('is written, added to and read without losing a unit', async () => {
    const user = userOf(1)
    await grant(user, minorMax)
    expect(await postedOf(user)).toBe(minorMax)
    await grant(user, -1n)
    expect(await postedOf(user)).toBe(minorMax - 1n)
    await grant(user, 1n)
    expect(await postedOf(user)).toBe(minorMax)
    const [row] = await database.select<{ down: string }>(
      'SELECT posted - 1 AS down, posted FROM ledger_accounts WHERE account = :account',
      { account: `wallet:${user}:IDR` },
    )
    expect(BigInt(row!.down)).toBe(minorMax - 1n)
    const { items } = await payments.store.wallets.transactions(user, { beforeId: null, limit: 10 }, null)
    expect(items.map(({ minor }) => minor)).toEqual([1n, -1n, minorMax])
  })

  it('is not passed: the wallet has no room, and nothing changes', async () => {
    const [payer, user] = [userOf(2), userOf(3)]
    await grant(user, minorMax, clearing('fake', 'IDR'))
    await grant(payer, 10n)
    const transfer = {
      to: user,
      amount: { minor: 1n, currency: 'IDR' as const },
      note: null,
      idempotencyKey: 'over the top',
    }
    await expect(payments.transfer(actorOf(payer), transfer)).rejects.toMatchObject({
      code: 'money.out_of_range',
      kind: 'invalid',
    })
    expect([await postedOf(payer), await postedOf(user)]).toEqual([10n, minorMax])
    const [count] = await database.select<{ entries: number }>(
      'SELECT COUNT(*) AS entries FROM ledger_entries WHERE account = :account',
      { account: `wallet:${user}:IDR` },
    )
    expect(Number(count!.entries)).toBe(1)
  })

  it('is what a debt may reach, and no more', async () => {
    const user = userOf(4)
    const owe = (minor: bigint) =>
      payments.store.transaction((tx) =>
        tx.ledger.post({
          id: ids.next(),
          ...posting('reversal', null, [
            { account: debt(user, 'IDR'), minor: -minor },
            { account: clearing('fake', 'IDR'), minor },
          ]),
        }),
      )
    await owe(minorMax)
    await expect(owe(1n)).rejects.toMatchObject({ code: 'money.out_of_range' })
    expect((await payments.store.wallets.balances(user))[0]?.owedMinor).toBe(minorMax)
  })

  it('stands in a deposit, and in the event that tells of it', async () => {
    const method = { ...gateway.methods[0]!, maxMinor: minorMax }
    const amount = { minor: minorMax, currency: 'IDR' as const }
    const common = { id: ids.next(), ownerId: userOf(5), method, reference: 'r', now: clock.now() }
    const deposit = { ...newDeposit({ ...common, amount }), receivedMinor: minorMax, inReviewMinor: minorMax - 1n }
    await payments.store.transaction(async (tx) => {
      await tx.deposits.insert(deposit)
      await tx.announce([{ type: 'deposit.changed', deposit }])
    })
    expect(await payments.store.deposits.find(deposit.id)).toEqual(deposit)
    const [row] = await database.select<{ id: string; type: string; subject: string; payload: string }>(
      'SELECT id, type, subject, payload FROM outbox WHERE subject = :subject',
      { subject: `deposit:${deposit.id}` },
    )
    const { payload, ...event } = row!
    expect(payload).toContain('"9223372036854775807"')
    expect(fromOutboxEvent({ ...event, payload: JSON.parse(payload) })).toEqual({ type: 'deposit.changed', deposit })
  })
})

describe.each(backends)('more than the largest amount there is, $name', (backend) => {
  it.each([
    ['late payments', 61_000],
    ['payments in time', 0],
  ])(
    'in a sequence of %s: the notice is set aside after its attempts, and nothing else changes',
    async (_what, lateMs) => {
      await using house = await openHouse(backend, { noticeAttemptsMax: 3 })
      const id = await house.create()
      house.clock.pass(lateMs)
      await house.payments.sweep()
      await house.pay(id, minorMax - 5n)
      const before = await house.deposit(id)
      expect(before?.receivedMinor).toBe(minorMax - 5n)
      await expect(house.pay(id, 6n)).rejects.toMatchObject({ code: 'money.out_of_range' })
      for (let hour = 0; hour < 5; hour++) {
        house.clock.pass(3_600_000)
        await house.payments.takeUp()
        for (const notice of house.payments.handedOver.splice(0))
          await house.payments.handle(notice).catch(() => undefined)
      }
      const notices = await house.database.select(
        "SELECT status, outcome FROM webhook_notices WHERE status <> 'handled'",
      )
      expect(notices).toEqual([{ status: 'set_aside', outcome: 'money.out_of_range' }])
      expect(await house.deposit(id)).toEqual(before)
      await house.pay(id, 5n)
      expect((await house.deposit(id))?.receivedMinor).toBe(minorMax)
      expect(await house.violations()).toEqual([])
    },
  )
})
