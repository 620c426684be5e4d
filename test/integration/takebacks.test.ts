import { describe, expect, it } from 'vitest'
import { backends } from '../support/backends.ts'
import { alice, type House, openHouse, price } from '../support/house.ts'

/** What left the provider for us and for payers, against what came: below zero is our loss. */
function atProvider({ gateway }: House, id: string) {
  const { payments, takebacks } = gateway.charges.get(id)!
  return sum(payments) - sum(takebacks)
}
const sum = (list: readonly { minor: bigint }[]) => list.reduce((total, { minor }) => total + minor, 0n)

describe.each(backends)('money that is being sent back and that the provider takes by itself, $name', (backend) => {
  /** A deposit whose late payment is to be sent back. */
  async function open(mood: 'lost' | 'away' | null) {
    const house = await openHouse(backend, { latePolicy: 'refund' })
    const id = await house.create()
    await house.expire()
    await house.pay(id)
    expect(await house.cases()).toEqual(['paid_late refunding 100 IDR'])
    if (mood !== null) {
      house.gateway.mood = mood
      await expect(house.payments.refundCases()).rejects.toMatchObject({ code: 'gateway.unavailable' })
      house.gateway.mood = 'well'
    }
    return { house, id }
  }

  async function tryForHours({ payments, clock, ask }: House) {
    for (let hour = 0; hour < 4; hour++) {
      clock.pass(3_600_000)
      await payments.refundCases()
      await ask()
    }
  }

  it('does not go out twice: a refund that was never asked for is not asked for', async () => {
    const { house, id } = await open(null)
    await using _ = house
    await house.takeBack(id)
    await tryForHours(house)
    expect(house.gateway.refunds.size).toBe(0)
    expect(await house.cases()).toEqual(['paid_late taken_back 100 IDR'])
    expect([await house.suspense(), atProvider(house, id)]).toEqual([0, 0n])
    expect(await house.violations()).toEqual([])
  })

  it('does not go out twice: a refund that did not reach the provider is not asked for again', async () => {
    const { house, id } = await open('away')
    await using _ = house
    await house.takeBack(id)
    await tryForHours(house)
    expect(house.gateway.refunds.size).toBe(0)
    // Nobody knows that it did not: a person has to look.
    expect(await house.cases()).toEqual(['paid_late open 0 IDR'])
    expect([await house.suspense(), atProvider(house, id)]).toEqual([0, 0n])
    expect(await house.violations()).toEqual([])
  })

  it('went out twice: the loss is a claim with a case, and suspense is not below zero', async () => {
    const { house, id } = await open('lost')
    await using _ = house
    expect(house.gateway.refunds.size).toBe(1)
    // The provider tells of its takeback alone; it has the refund in its books.
    const takeback = { transactionId: 'b-1', kind: 'reversal' as const, minor: price, currency: 'IDR' }
    const [refund] = house.gateway.charges.get(id)!.takebacks.splice(0)
    await house.notify(id, { takebacks: [takeback] })
    house.gateway.charges.get(id)!.takebacks.push(takeback, refund!)
    expect(await house.cases()).toEqual(['paid_late open 0 IDR'])
    await tryForHours(house)
    expect(await house.cases()).toEqual(['paid_late refunded 0 IDR', 'takeback_exceeds open 100 IDR'])
    expect([await house.suspense(), atProvider(house, id)]).toEqual([0, -100n])
    const claimed = await house.database.select<{ minor: string }>(
      "SELECT minor FROM ledger_entries WHERE account LIKE 'claim%'",
    )
    expect(claimed.map(({ minor }) => BigInt(minor))).toEqual([-100n])
    expect((await house.payments.store.wallets.balances(alice.userId))[0]).toBeUndefined()
    expect(await house.violations()).toEqual([])
  })

  it('was taken while the gateway was being asked: what it answers is booked as what it is', async () => {
    const { house, id } = await open(null)
    await using _ = house
    const { refundPayment } = house.gateway
    house.gateway.refundPayment = async (refund) => {
      await refundPayment(refund)
      house.gateway.charges.get(id)!.takebacks.length = 0
      await house.takeBack(id)
    }
    await house.payments.refundCases()
    expect(await house.cases()).toEqual(['paid_late refunded 0 IDR', 'takeback_exceeds open 100 IDR'])
    expect(await house.suspense()).toBe(0)
    expect(await house.violations()).toEqual([])
  })

  it('was taken while the gateway was being asked, and it said no: nothing is left to decide', async () => {
    const { house, id } = await open(null)
    await using _ = house
    const { refundPayment } = house.gateway
    house.gateway.refundPayment = async (refund) => {
      await house.takeBack(id)
      house.gateway.mood = 'refuse'
      await refundPayment(refund)
    }
    await expect(house.payments.refundCases()).rejects.toMatchObject({ code: 'gateway.refused' })
    expect(await house.cases()).toEqual(['paid_late taken_back 0 IDR'])
  })

  it('is taken at the very moment: whichever comes first, the books agree with the provider', async () => {
    await using house = await openHouse(backend, { latePolicy: 'refund' })
    const ids = await Promise.all(Array.from({ length: 12 }, () => house.create()))
    await house.expire()
    for (const id of ids) await house.pay(id)
    await Promise.all([
      house.payments.refundCases(),
      ...ids.map((id) => house.takeBack(id)),
      house.payments.refundCases(),
    ])
    await tryForHours(house)
    const lost = -ids.reduce((total, id) => total + atProvider(house, id), 0n)
    const [row] = await house.database.select<{ claimed: string | number | null }>(
      "SELECT -SUM(minor) AS claimed FROM ledger_entries WHERE account LIKE 'claim%'",
    )
    expect([BigInt(row?.claimed ?? 0), await house.suspense()]).toEqual([lost, 0])
    expect(await house.violations()).toEqual([])
  })

  it('is taken in part: the rest is not sent back by itself any more', async () => {
    const { house, id } = await open('away')
    await using _ = house
    await house.takeBack(id, 30n)
    await tryForHours(house)
    expect(house.gateway.refunds.size).toBe(0)
    expect(await house.cases()).toEqual(['paid_late open 70 IDR'])
    expect([await house.suspense(), atProvider(house, id)]).toEqual([70, 70n])
    expect(await house.violations()).toEqual([])
  })

  it('stays what it is while a takeback is of what the owner was given', async () => {
    await using house = await openHouse(backend, { latePolicy: 'refund' })
    const id = await house.create()
    await house.pay(id)
    house.clock.pass(61_000)
    await house.pay(id, 40n)
    await house.takeBack(id)
    expect(await house.cases()).toEqual(['paid_late refunding 40 IDR'])
    expect((await house.story(id)).filter((action) => action.startsWith('refund.'))).toEqual([])
    await house.payments.refundCases()
    expect(await house.cases()).toEqual(['paid_late refunded 40 IDR'])
    expect(await house.deposit(id)).toMatchObject({ status: 'reversed', inReviewMinor: 0n, takenBackMinor: 100n })
    expect([await house.suspense(), atProvider(house, id)]).toEqual([0, 0n])
    expect(await house.violations()).toEqual([])
  })

  it('was refused by the provider, and sent back all the same: it does not come from the owner', async () => {
    await using house = await openHouse(backend, { latePolicy: 'refund' })
    const id = await house.create()
    await house.pay(id)
    house.clock.pass(61_000)
    await house.pay(id, 40n)
    house.gateway.mood = 'lost'
    await expect(house.payments.refundCases()).rejects.toMatchObject({ code: 'gateway.unavailable' })
    house.gateway.mood = 'refuse'
    house.clock.pass(3_600_000)
    await expect(house.payments.refundCases()).rejects.toMatchObject({ code: 'gateway.refused' })
    house.gateway.mood = 'well'
    expect(await house.cases()).toEqual(['paid_late open 40 IDR'])
    const { takebacks } = house.gateway.charges.get(id)!
    await house.notify(id, { takebacks })
    expect(await house.deposit(id)).toMatchObject({ status: 'settled', takenBackMinor: 0n, inReviewMinor: 0n })
    expect(await house.cases()).toEqual(['paid_late refunded 40 IDR'])
    expect(await house.violations()).toEqual([])
  })
})

describe.each(backends)('a takeback, $name', (backend) => {
  it('in another currency takes what arrived in it, and its case is closed', async () => {
    await using house = await openHouse(backend)
    const id = await house.create()
    await house.pay(id, 500n, 'USD')
    expect(await house.cases()).toEqual(['wrong_currency open 500 USD'])
    await house.takeBack(id, 200n, 'USD')
    expect([await house.cases(), await house.suspense('USD')]).toEqual([['wrong_currency open 300 USD'], 300])
    await house.takeBack(id, 300n, 'USD')
    expect([await house.cases(), await house.suspense('USD')]).toEqual([['wrong_currency taken_back 300 USD'], 0])
    expect(await house.deposit(id)).toMatchObject({ status: 'pending', receivedMinor: 0n })
    expect(await house.violations()).toEqual([])
  })

  it('of money under review closes its case', async () => {
    await using house = await openHouse(backend)
    const id = await house.create()
    await house.expire()
    await house.pay(id)
    await house.takeBack(id)
    expect([await house.cases(), await house.suspense()]).toEqual([['paid_late taken_back 100 IDR'], 0])
    expect(await house.violations()).toEqual([])
  })

  it('that tells of more than we saw arrive waits for the whole story: the payment that was not told yet', async () => {
    await using house = await openHouse(backend)
    const id = await house.create()
    await house.pay(id)
    const payment = { transactionId: 'untold', minor: 40n, currency: 'IDR', paidAt: house.clock.now() }
    house.gateway.pay(id, payment)
    await house.takeBack(id, 140n)
    await house.notify(id, { payments: [payment] })
    expect(await house.deposit(id)).toMatchObject({ status: 'reversed', creditedMinor: 140n, takenBackMinor: 140n })
    expect(await house.cases()).toEqual([])
    expect(await house.violations()).toEqual([])
  })
})
