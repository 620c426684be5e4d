import { describe, expect, it } from 'vitest'
import { backends } from '../support/backends.ts'
import { type House, openHouse } from '../support/house.ts'

const dayMs = 24 * 3_600_000

describe.each(backends)('a payment that is processed past the end, $name', (backend) => {
  async function open(latePolicy: 'review' | 'refund' = 'review') {
    const house = await openHouse(backend, { latePolicy })
    const id = await house.create()
    house.gateway.mark(id, 'processing')
    await house.notify(id, { status: 'processing' })
    await house.expire()
    expect(await house.deposit(id)).toMatchObject({ status: 'processing' })
    return { house, id }
  }

  /** How often the provider is asked in the days to come. */
  async function questions({ clock, gateway, ask }: House, days = 3) {
    const { findCharge } = gateway
    let asked = 0
    gateway.findCharge = async (chargeId) => {
      asked++
      return findCharge(chargeId)
    }
    for (let hour = 0; hour < 24 * days; hour++) {
      clock.pass(3_600_000)
      await ask()
    }
    gateway.findCharge = findCharge
    return asked
  }

  it('and comes too late ends: the money has a case, and the provider is not asked for ever', async () => {
    const { house, id } = await open()
    await using _ = house
    house.gateway.mark(id, 'paid')
    await house.pay(id)
    expect(await house.deposit(id)).toMatchObject({ status: 'processing', inReviewMinor: 100n })
    await house.ask()
    expect(await house.deposit(id)).toMatchObject({ status: 'failed', exception: 'paid_late', inReviewMinor: 100n })
    expect(await house.cases()).toEqual(['paid_late open 100 IDR'])
    expect(await questions(house)).toBeLessThanOrEqual(1)
    expect((await house.deposit(id))?.nextCheckAt).toBeNull()
    expect(await house.violations()).toEqual([])
  })

  it('and comes in time after a late one is credited: the provider was not through with it', async () => {
    const { house, id } = await open()
    await using _ = house
    const paidAt = new Date(house.clock.now().getTime() - 10_000)
    await house.pay(id, 10n)
    await house.ask()
    expect(await house.deposit(id)).toMatchObject({ status: 'processing', inReviewMinor: 10n })
    const payment = { transactionId: 'in time', minor: 100n, currency: 'IDR', paidAt }
    house.gateway.pay(id, payment)
    house.gateway.mark(id, 'paid')
    await house.notify(id, { payments: [payment] })
    expect(await house.deposit(id)).toMatchObject({ status: 'settled', creditedMinor: 100n, inReviewMinor: 10n })
    expect(await house.violations()).toEqual([])
  })

  it('does not end because another late payment was sent back', async () => {
    const { house, id } = await open('refund')
    await using _ = house
    await house.pay(id, 10n)
    await house.payments.refundCases()
    expect(await house.cases()).toEqual(['paid_late refunded 10 IDR'])
    expect(await house.deposit(id)).toMatchObject({ status: 'processing', inReviewMinor: 0n })
  })

  it('is asked about for as long as the provider says so, ever more rarely', async () => {
    const { house } = await open()
    await using _ = house
    await questions(house, 1)
    expect(await questions(house, 1)).toBeLessThanOrEqual(dayMs / 3_600_000)
  })

  it('and of which a part came has a case of that part when the rest is denied', async () => {
    const { house, id } = await open()
    await using _ = house
    const paidAt = new Date(house.clock.now().getTime() - 10_000)
    const part = { transactionId: 'part', minor: 40n, currency: 'IDR', paidAt }
    await house.notify(id, { status: 'processing', payments: [part] })
    await house.notify(id, { status: 'denied' })
    expect(await house.deposit(id)).toMatchObject({ status: 'failed', partMinor: 40n })
    expect(await house.cases()).toEqual(['paid_partial open 40 IDR'])
    expect(await house.violations()).toEqual([])
  })
})
