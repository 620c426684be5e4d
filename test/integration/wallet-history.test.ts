import { describe, expect, it } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { backends } from '../support/backends.ts'
import { alice, bob, type House, openHouse } from '../support/house.ts'
import { actorOf, userOf } from '../support/payments.ts'

const carol = actorOf(userOf(3))

describe.each(backends)('the history of a wallet, $name', (backend) => {
  let keys = 0
  const send = ({ payments }: House, from: Actor, to: Actor, minor: bigint) =>
    payments.transfer(from, {
      to: to.userId,
      amount: { minor, currency: 'IDR' },
      note: null,
      idempotencyKey: `a key of tests ${++keys}`,
    })

  /** All of it, page by page, oldest first. */
  async function history({ payments }: House, { userId }: Actor, limit = 2) {
    const seen = []
    let beforeId: string | null = null
    do {
      const page = await payments.store.wallets.transactions(userId, { beforeId, limit }, null)
      seen.push(...page.items)
      beforeId = page.nextCursor === null ? null : (page.items.at(-1)?.id ?? null)
    } while (beforeId !== null)
    return seen.reverse()
  }

  async function balance({ payments }: House, { userId }: Actor) {
    const [balance] = await payments.store.wallets.balances(userId)
    return balance!
  }

  /** Alice was given 100, spent 70 of it, and the provider took all of it back: she owes 70. */
  async function openIndebted() {
    const house = await openHouse(backend)
    const id = await house.create()
    await house.pay(id)
    await send(house, alice, carol, 70n)
    await house.takeBack(id)
    const rich = await house.create(bob)
    await house.pay(rich)
    return house
  }

  it('shows a transfer of which all pays a debt', async () => {
    await using house = await openIndebted()
    const { id } = await send(house, bob, alice, 25n)
    expect((await history(house, alice)).at(-1)).toMatchObject({
      id,
      kind: 'transfer',
      minor: 25n,
      currency: 'IDR',
      counterpartyId: bob.userId,
    })
    expect(await house.payments.store.wallets.transaction(alice.userId, id)).toMatchObject({ id, minor: 25n })
    expect((await history(house, bob)).at(-1)).toMatchObject({ id, minor: -25n, counterpartyId: alice.userId })
  })

  it('shows what was sent and taken back whole, and explains what one has less what one owes', async () => {
    await using house = await openIndebted()
    const minors = async () => (await history(house, alice)).map(({ kind, minor }) => `${kind} ${minor}`)
    expect(await minors()).toEqual(['deposit 100', 'transfer -70', 'reversal -100'])
    for (const [minor, owedMinor] of [
      [25n, 45n],
      [50n, 0n],
      [7n, 0n],
    ] as const) {
      await send(house, bob, alice, minor)
      const { postedMinor, owedMinor: owed } = await balance(house, alice)
      expect(owed).toBe(owedMinor)
      const total = (await history(house, alice, 3)).reduce((sum, entry) => sum + entry.minor, 0n)
      expect(total).toBe(postedMinor - owed)
    }
    expect(await minors()).toEqual([
      'deposit 100',
      'transfer -70',
      'reversal -100',
      'transfer 25',
      'transfer 50',
      'transfer 7',
    ])
  })

  it('shows a deposit that pays a debt whole', async () => {
    await using house = await openIndebted()
    await house.pay(await house.create())
    expect((await history(house, alice)).at(-1)).toMatchObject({ kind: 'deposit', minor: 100n })
    expect(await balance(house, alice)).toMatchObject({ postedMinor: 30n, owedMinor: 0n })
  })
})
