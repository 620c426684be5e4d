import { describe, expect, it } from 'vitest'
import { createNoticeQueue } from '../../src/payments/adapters/notice-queue.ts'
import type { StoredNotice } from '../../src/payments/app/notice-port.ts'
import { backends } from '../support/backends.ts'
import { createFakeGateway } from '../support/fake-gateway.ts'
import { listQueue, openNoticeHouse, owner } from '../support/notices.ts'
import { violationsOf } from '../support/payments.ts'

const leaseMs = 5_000

describe.each(backends)('stored notices, $name', (backend) => {
  it('are handled once each, however long they wait in their queue', async () => {
    await using house = await openNoticeHouse(backend)
    const begun: string[] = []
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    await using queue = createNoticeQueue({
      concurrencyMax: 1,
      waitingMax: 20,
      failed(_notice, error) {
        throw error
      },
      async handle(notice) {
        begun.push(notice.id)
        await gate
        await node.handle(notice)
      },
    })
    const node = house.node(queue)
    for (let i = 0; i < 5; i++) await house.deliver(house.paid((await house.create()).id), { to: node })
    for (let lease = 0; lease < 4; lease++) {
      house.clock.pass(leaseMs + 1)
      await node.takeUp()
      expect(queue.waiting).toBe(4)
    }
    open()
    await expect.poll(() => node.told.handled.length).toBe(5)
    await node.takeUp()
    expect([begun.length, new Set(begun).size, node.told.handledBefore]).toEqual([5, 5, []])
    expect((await house.rows()).map(({ status }) => status)).toEqual(Array(5).fill('handled'))
  })

  it('are handled by one of the nodes that hold them, and left by the others', async () => {
    await using house = await openNoticeHouse(backend)
    const [a, b] = [house.node(), house.node()]
    for (let i = 0; i < 8; i++) await house.deliver(house.paid((await house.create()).id), { to: a })
    house.clock.pass(leaseMs + 1)
    await b.takeUp()
    const [first, ...others] = a.handedOver as [StoredNotice, ...StoredNotice[]]
    expect(b.handedOver).toHaveLength(8)
    await a.handle(first)
    const before = await house.database.select('SELECT id FROM audit_log')
    await b.handle(first)
    expect(await house.database.select('SELECT id FROM audit_log')).toHaveLength(before.length)
    await Promise.all(others.flatMap((notice) => [a.handle(notice), b.handle(notice)]))
    const handled = [...a.told.handled, ...b.told.handled]
    expect([handled.length, new Set(handled).size]).toEqual([8, 8])
    expect([...a.told.handledBefore, ...b.told.handledBefore]).toHaveLength(8)
    expect(await house.payments.store.wallets.balances(owner)).toMatchObject([{ postedMinor: 800n }])
    expect(await violationsOf(house.payments)).toEqual([])
  })

  it('count an attempt once where two nodes held them', async () => {
    await using house = await openNoticeHouse(backend)
    const { id: chargeId } = await house.create()
    const takebacks = [{ transactionId: 'b-1', kind: 'reversal' as const, minor: 100n, currency: 'IDR' }]
    await house.deliver({ chargeId, status: 'paid', payments: [], takebacks })
    const [notice] = house.payments.handedOver as [StoredNotice]
    house.gateway.mood = 'away'
    await expect(house.payments.handle(notice)).rejects.toMatchObject({ code: 'gateway.unavailable' })
    await house.payments.handle(notice)
    expect(await house.rows()).toMatchObject([{ status: 'received', attempts: 1, outcome: 'gateway.unavailable' }])
    expect(house.payments.told.handledBefore).toEqual([notice.id])
  })

  it('stay with the node that asks the gateway about them until it must have answered', async () => {
    const gateway = createFakeGateway()
    await using house = await openNoticeHouse(backend, { gateway, policy: { gatewayTimeoutMs: 60_000 } })
    const { id: chargeId } = await house.create()
    const takebacks = [{ transactionId: 'b-1', kind: 'reversal' as const, minor: 100n, currency: 'IDR' }]
    await house.deliver({ chargeId, status: 'paid', payments: [], takebacks })
    const other = house.node()
    const { findCharge } = gateway
    gateway.findCharge = async (id) => {
      house.clock.pass(59_000)
      await other.takeUp()
      expect(other.handedOver).toEqual([])
      house.clock.pass(6_001)
      await other.takeUp()
      expect(other.handedOver).toHaveLength(1)
      return findCharge(id)
    }
    await house.payments.handle(house.payments.handedOver[0]!)
    await other.handle(other.handedOver[0]!)
    expect([house.payments.told.handled.length, other.told.handledBefore.length]).toEqual([1, 1])
  })

  it('are taken up as many as there is room for, oldest first', async () => {
    await using house = await openNoticeHouse(backend)
    for (let i = 0; i < 5; i++) {
      await house.deliver(house.paid('somebody'), { eventId: `e-${i}` })
      house.clock.pass(1)
    }
    house.clock.pass(leaseMs)
    const [small, none, large] = [listQueue(2), listQueue(0), listQueue(1000)]
    const eventsOf = ({ notices }: typeof small) => notices.map(({ eventId }) => eventId)
    expect(await house.node(none).takeUp()).toBe(false)
    expect(await house.node(small).takeUp()).toBe(false)
    expect(await house.node(large).takeUp()).toBe(false)
    expect([none, small, large].map(eventsOf)).toEqual([[], ['e-0', 'e-1'], ['e-2', 'e-3', 'e-4']])
    await house.node(large).takeUp()
    expect(large.notices).toHaveLength(3)
  })

  it('are taken by one node each, though all look at once', async () => {
    await using house = await openNoticeHouse(backend)
    for (let i = 0; i < 40; i++) await house.deliver(house.paid('somebody'))
    house.clock.pass(leaseMs + 1)
    const queues = Array.from({ length: 4 }, () => listQueue(15))
    await Promise.all(queues.map((queue) => house.node(queue).takeUp()))
    const rest = listQueue(40)
    await house.node(rest).takeUp()
    const taken = [...queues, rest].flatMap(({ notices }) => notices.map(({ id }) => id))
    expect(taken.sort()).toEqual((await house.rows()).map(({ id }) => id))
    expect(taken).toHaveLength(40)
  })

  it('that come to a busy node are for whoever has room, without a wait', async () => {
    await using house = await openNoticeHouse(backend)
    const busy = listQueue(5, false)
    const { id } = await house.create()
    await house.deliver(house.paid(id), { to: house.node(busy) })
    expect(busy.notices).toEqual([])
    await house.payments.takeUp()
    expect(house.payments.handedOver).toHaveLength(1)
  })
})
