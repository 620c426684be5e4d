import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { posting, suspense, wallet } from '../../src/payments/domain/ledger.ts'
import type { Database } from '../../src/platform/database/database.ts'
import { backends, type OpenBackend } from '../support/backends.ts'
import { createFakeGateway } from '../support/fake-gateway.ts'
import { actorOf, buildPayments, createTestClock, openMigrated, userOf } from '../support/payments.ts'
import { newKey } from '../support/sdk.ts'

const [alice, bob, carol] = [userOf(1), userOf(2), userOf(3)]
const idr = (minor: bigint) => ({ minor, currency: 'IDR' as const })

/** Whom a handle stands for. */
const directoryOf = (handles: Readonly<Record<string, string>>) => ({
  findUser: async (name: string) => (handles[name] === undefined ? null : { id: handles[name], handle: name }),
  handlesOf: async () => new Map<string, string>(),
})

describe.each(backends)('the same key with the same input gets the first answer, $name', (backend) => {
  let opened: OpenBackend
  let database: Database
  const clock = createTestClock()
  const gateway = createFakeGateway()
  const build = (change: Partial<Parameters<typeof buildPayments>[0]> = {}) =>
    buildPayments({ database, clock, gateway, directory: directoryOf({ bob }), ...change })

  beforeAll(async () => {
    opened = await backend.open()
    database = await openMigrated(opened.env)
    const entries = [
      { account: suspense('IDR'), minor: -100_000n },
      { account: wallet(alice, 'IDR'), minor: 100_000n },
    ]
    const grant = { id: '00000000-0000-7000-b000-000000000001', ...posting('transfer', null, entries) }
    await build().store.transaction((tx) => tx.ledger.post(grant))
  })
  afterAll(async () => {
    await database[Symbol.asyncDispose]()
    await opened[Symbol.asyncDispose]()
  })

  const transferOf = (change: object = {}) => ({
    ...{ to: 'bob', amount: idr(1_000n), note: null, idempotencyKey: newKey() },
    ...change,
  })
  const depositOf = (change: object = {}) => ({
    ...{ amount: idr(1_000n), method: 'bank', idempotencyKey: newKey() },
    ...change,
  })

  it.each([
    ['the limit was lowered', { policy: { transferMaxMinor: 999n } }],
    ['the recipient is gone', { directory: directoryOf({}) }],
    ['the handle is now of somebody else', { directory: directoryOf({ rob: bob, bob: carol }) }],
    ['the handle is now of the sender', { directory: directoryOf({ rob: bob, bob: alice }) }],
  ])('of a transfer when %s', async (_what, change) => {
    const command = transferOf()
    const first = await build().transfer(actorOf(alice), command)
    expect(first).toMatchObject({ counterpartyId: bob, minor: -1_000n })
    expect(await build(change).transfer(actorOf(alice), command)).toEqual(first)
  })

  it('of a transfer to a handle in another case', async () => {
    const command = transferOf()
    const directory = directoryOf({ bob, BOB: bob })
    const first = await build({ directory }).transfer(actorOf(alice), command)
    expect(await build({ directory }).transfer(actorOf(alice), { ...command, to: 'BOB' })).toEqual(first)
  })

  it.each([
    [
      'its smallest amount was raised',
      { ...gateway, methods: gateway.methods.map((m) => ({ ...m, minMinor: 5_000n })) },
    ],
    ['its method was closed', { ...gateway, methods: [] }],
    ['its gateway is not open', { ...createFakeGateway({ name: 'another' }), methods: [] }],
  ])('of a deposit when %s', async (_what, changed) => {
    const command = depositOf()
    const first = await build().create(actorOf(alice), command)
    expect(await build({ gateway: changed }).create(actorOf(alice), command)).toEqual(first)
  })

  it.each([
    ['amount', { amount: idr(2_000n) }],
    ['recipient', { to: 'nobody' }],
    ['note', { note: 'another' }],
  ])('and another %s is a mismatch, whether it would be allowed or not', async (_what, change) => {
    const command = transferOf()
    const payments = build({ policy: { transferMaxMinor: 1_000n } })
    await payments.transfer(actorOf(alice), command)
    const other = payments.transfer(actorOf(alice), { ...command, ...change })
    await expect(other).rejects.toMatchObject({ code: 'idempotency.mismatch' })
  })

  it.each([
    ['amount', { amount: idr(1n) }],
    ['method', { method: 'none such' }],
  ])('and another %s of a deposit is a mismatch, whether it would be allowed or not', async (_what, change) => {
    const command = depositOf()
    await build().create(actorOf(alice), command)
    const other = build().create(actorOf(alice), { ...command, ...change })
    await expect(other).rejects.toMatchObject({ code: 'idempotency.mismatch' })
  })

  it('a refusal keeps no key, though it comes 32 times at once', async () => {
    const key = { idempotencyKey: newKey() }
    const payments = build()
    const codesOf = async (calls: readonly Promise<unknown>[]) =>
      (await Promise.allSettled(calls)).map((call) => (call.status === 'rejected' ? call.reason.code : 'made'))
    const times = Array.from({ length: 32 })
    const deposits = times.map(() => payments.create(actorOf(alice), depositOf({ ...key, amount: idr(1n) })))
    expect(await codesOf(deposits)).toEqual(times.map(() => 'deposit.amount_out_of_range'))
    const transfers = times.map(() => payments.transfer(actorOf(alice), transferOf({ ...key, to: 'nobody' })))
    expect(await codesOf(transfers)).toEqual(times.map(() => 'wallet.recipient_not_found'))
    await expect(payments.create(actorOf(alice), depositOf(key))).resolves.toMatchObject({ status: 'pending' })
    await expect(payments.transfer(actorOf(alice), transferOf(key))).resolves.toMatchObject({ counterpartyId: bob })
  })
})
