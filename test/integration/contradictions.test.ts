import { describe, expect, it } from 'vitest'
import { minorMax } from '../../src/kernel/money.ts'
import { backends } from '../support/backends.ts'
import { type House, openHouse, price } from '../support/house.ts'

const payment = ({ clock }: House, transactionId: string, minor = price) => ({
  transactionId,
  minor,
  currency: 'IDR',
  paidAt: clock.now(),
})
const reasons = ({ payments }: House) => payments.told.setAside.map(([, reason]) => reason)

describe.each(backends)('a transaction that is told in two ways, $name', (backend) => {
  it('of two deposits counts for the first, and somebody hears of the other', async () => {
    await using house = await openHouse(backend)
    const [first, second] = [await house.create(), await house.create()]
    await house.notify(first, { payments: [payment(house, 'one')] })
    await house.notify(second, { payments: [payment(house, 'one')] })
    expect(await house.deposit(first)).toMatchObject({ status: 'settled' })
    expect(await house.deposit(second)).toMatchObject({ status: 'pending', receivedMinor: 0n })
    expect(reasons(house)).toEqual(['transaction one was told otherwise before'])
    expect(await house.violations()).toEqual([])
  })

  it('of another amount, or in the other direction, is left out; what else came with it counts', async () => {
    await using house = await openHouse(backend)
    const id = await house.create()
    await house.notify(id, { status: 'open', payments: [payment(house, 'one', 40n)] })
    await house.notify(id, { status: 'open', payments: [payment(house, 'one', 90n), payment(house, 'two', 60n)] })
    expect(await house.deposit(id)).toMatchObject({ status: 'settled', creditedMinor: 100n })
    const takeback = { transactionId: 'two', kind: 'reversal' as const, minor: 60n, currency: 'IDR' }
    await house.notify(id, { takebacks: [takeback] })
    expect(await house.deposit(id)).toMatchObject({ status: 'settled', takenBackMinor: 0n })
    expect(reasons(house)).toEqual(['one', 'two'].map((name) => `transaction ${name} was told otherwise before`))
    expect(await house.violations()).toEqual([])
  })

  it('twice in one notice counts once', async () => {
    await using house = await openHouse(backend)
    const id = await house.create()
    await house.notify(id, { status: 'open', payments: [payment(house, 'one', 40n), payment(house, 'one', 41n)] })
    expect(await house.deposit(id)).toMatchObject({ receivedMinor: 40n })
    expect(reasons(house)).toHaveLength(1)
  })

  it('again as it was is no contradiction', async () => {
    await using house = await openHouse(backend)
    const id = await house.create()
    for (let times = 0; times < 2; times++) await house.notify(id, { payments: [payment(house, 'one')] })
    expect(reasons(house)).toEqual([])
  })
})

describe.each(backends)('a provider that tells absurd things, $name', (backend) => {
  it('of more money than 64 bits hold does not blind the auditor', async () => {
    await using house = await openHouse(backend)
    for (let i = 0; i < 3; i++) {
      const id = await house.create()
      await house.expire()
      await house.pay(id, minorMax)
    }
    expect(await house.cases()).toHaveLength(3)
    expect(await house.violations()).toEqual([])
  })

  it('of payments of nothing does not fill the story', async () => {
    await using house = await openHouse(backend)
    const id = await house.create()
    const before = await house.story(id)
    await house.notify(id, {
      status: 'open',
      payments: Array.from({ length: 50 }, (_, i) => payment(house, `z-${i}`, 0n)),
    })
    expect(await house.story(id)).toEqual(before)
  })
})
