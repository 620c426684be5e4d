import { describe, expect, it } from 'vitest'
import { DomainError } from '../../src/kernel/errors.ts'
import { backends } from '../support/backends.ts'
import { type House, openHouse, price } from '../support/house.ts'

const minuteMs = 60_000

/** What nobody tells us: it happens at the provider alone. */
function payUntold({ gateway, clock }: House, id: string, transactionId: string) {
  gateway.pay(id, { transactionId, minor: price, currency: 'IDR', paidAt: clock.now() })
}

/** The janitor at work for a while, once a minute. */
async function work({ clock, ask }: House, minutes: number) {
  for (let minute = 0; minute < minutes; minute++) {
    clock.pass(minuteMs)
    await ask()
  }
}

describe.each(backends)('a notice that was lost, $name', (backend) => {
  it('of a second payment for a settled deposit is made up for', async () => {
    await using house = await openHouse(backend)
    const id = await house.create()
    await house.pay(id)
    payUntold(house, id, 'the second')
    await work(house, 3)
    expect(await house.deposit(id)).toMatchObject({ status: 'settled', exception: 'paid_over', creditedMinor: 200n })
    expect(await house.violations()).toEqual([])
  })

  it('of a late second payment is made up for while the late watch lasts', async () => {
    await using house = await openHouse(backend, { lateWatchMs: 600 * minuteMs })
    const id = await house.create()
    await house.pay(id)
    await work(house, 500)
    payUntold(house, id, 'the second')
    await work(house, 110)
    expect(await house.cases()).toEqual(['paid_late open 100 IDR'])
    expect((await house.deposit(id))?.nextCheckAt).toBeNull()
    expect(await house.violations()).toEqual([])
  })

  it('of a settlement that was taken back is made up for', async () => {
    await using house = await openHouse(backend)
    const id = await house.create()
    await house.pay(id)
    house.gateway.takeBack(id, { transactionId: 'back', kind: 'reversal', minor: price, currency: 'IDR' })
    await work(house, 3)
    expect(await house.deposit(id)).toMatchObject({ status: 'reversed', takenBackMinor: 100n })
    expect(await house.violations()).toEqual([])
  })
})

describe.each(backends)('where there is more to ask than can be asked, $name', (backend) => {
  it('those whose payer is awaited come first', async () => {
    await using house = await openHouse(backend, { janitorBatchMaxRows: 3 })
    const settled = [await house.create(), await house.create(), await house.create()]
    for (const id of settled) await house.pay(id)
    house.clock.pass(10 * minuteMs)
    const open = await house.create()
    house.clock.pass(59_000)
    const asked: string[][] = []
    for (let pass = 0; pass < 2; pass++)
      await house.payments.janitor(async (due) => void asked.push(due.map(({ id }) => id)))
    expect(asked[0]?.[0]).toBe(open)
    expect(asked.flat().sort()).toEqual([...settled, open].sort())
  })
})

describe.each(backends)('a deposit whose gateway is away from the beginning, $name', (backend) => {
  it('is not open for longer than others, and money that came all the same has a case', async () => {
    await using house = await openHouse(backend)
    const { gateway, clock, payments } = house
    gateway.mood = 'lost'
    await expect(house.create()).rejects.toBeInstanceOf(DomainError)
    const [row] = await house.database.select<{ id: string }>('SELECT id FROM deposits')
    const { id } = row as { id: string }
    gateway.mood = 'away'
    clock.pass(minuteMs)
    await payments.sweep()
    expect(await house.deposit(id)).toMatchObject({ status: 'created' })
    clock.pass(4_000)
    await payments.sweep()
    expect(await house.deposit(id)).toMatchObject({ status: 'failed' })

    // The charge was opened at the provider, and somebody had its number.
    gateway.mood = 'well'
    payUntold(house, id, 'all the same')
    await work(house, 3)
    expect(await house.deposit(id)).toMatchObject({ status: 'failed', inReviewMinor: 100n })
    expect(await house.cases()).toHaveLength(1)
    expect(await house.violations()).toEqual([])
  })
})
