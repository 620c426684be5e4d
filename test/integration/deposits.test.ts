import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backends } from '../support/backends.ts'
import { openProduct, type Product } from '../support/product.ts'
import {
  behave,
  fieldsOf,
  idr,
  newKey,
  payAt,
  refusalOf,
  type SignedUp,
  signInAdmin,
  signUp,
  topUp,
} from '../support/sdk.ts'

describe.each(backends)('$name', (backend) => {
  let product: Product
  let alice: SignedUp
  let bob: SignedUp
  const url = () => product.app.url

  beforeAll(async () => {
    product = await openProduct(backend)
    alice = await signUp(url())
    bob = await signUp(url())
  })
  afterAll(async () => {
    await product[Symbol.asyncDispose]()
  })

  const create = ({ client }: SignedUp, minor = 50_000, idempotencyKey = newKey(), method = 'bank_transfer') =>
    client.deposits.create.mutate({ amount: idr(minor), method, idempotencyKey })

  async function rows(sql: string, values = {}) {
    return product.app.database.select<Record<string, string>>(sql, values)
  }

  it('makes one deposit and one address of a key that is used 32 times at once', async () => {
    const person = await signUp(url())
    const key = newKey()
    const answers = await Promise.all(Array.from({ length: 32 }, () => create(person, 60_000, key)))
    const same = new Set(answers.map(({ serverTime: _, ...deposit }) => JSON.stringify(deposit)))
    expect(same.size).toBe(1)
    expect(await rows('SELECT id FROM deposits WHERE owner_id = :id', person)).toHaveLength(1)
    const [{ id }] = answers as [(typeof answers)[0]]
    expect(await rows('SELECT reference FROM payment_addresses WHERE deposit_id = :id', { id })).toHaveLength(1)
  })

  it.each([
    ['amount', { amount: idr(60_001) }],
    ['method', { method: 'qr' }],
  ])('refuses a key that was used with another %s', async (_what, change) => {
    const input = { amount: idr(60_000), method: 'bank_transfer', idempotencyKey: newKey() }
    const first = await alice.client.deposits.create.mutate(input)
    const refusal = await refusalOf(alice.client.deposits.create.mutate({ ...input, ...change }))
    expect(refusal).toMatchObject({ code: 'idempotency.mismatch', status: 409, details: { field: 'idempotencyKey' } })
    expect((await alice.client.deposits.create.mutate(input)).id).toBe(first.id)
  })

  it('takes the same key from two people for two deposits', async () => {
    const key = newKey()
    expect((await create(alice, 50_000, key)).id).not.toBe((await create(bob, 50_000, key)).id)
  })

  it("treats somebody else's deposit like one that does not exist", async () => {
    const { id } = await create(alice)
    const nobodys = randomUUID()
    for (const call of ['get', 'cancel', 'timeline'] as const) {
      const run = (depositId: string) => {
        const { deposits } = bob.client
        if (call === 'cancel') return deposits.cancel.mutate({ id: depositId })
        return call === 'get' ? deposits.get.query({ id: depositId }) : deposits.timeline.query({ id: depositId })
      }
      const [theirs, none] = [await refusalOf(run(id)), await refusalOf(run(nobodys))]
      expect(theirs).toMatchObject({ code: 'deposit.not_found', status: 404, details: { id } })
      expect({ ...none.details, id }).toEqual(theirs.details)
      expect(none.message).toBe(theirs.message)
    }
    expect((await alice.client.deposits.get.query({ id })).status).toBe('pending')
    const { items } = await bob.client.deposits.list.query({ limit: 100 })
    expect(items.map((item) => item.id)).not.toContain(id)
  })

  it('records a refused cancelation in the story, and changes nothing', async () => {
    const deposit = await topUp(alice, product.simulatorUrl, 20_000)
    const before = await alice.client.deposits.get.query({ id: deposit.id })
    const refusal = await refusalOf(alice.client.deposits.cancel.mutate({ id: deposit.id }))
    expect(refusal).toMatchObject({ code: 'deposit.transition_illegal', details: { from: 'settled', to: 'canceled' } })
    const { serverTime: _, ...after } = await alice.client.deposits.get.query({ id: deposit.id })
    expect(before).toMatchObject(after)
    const { entries } = await alice.client.deposits.timeline.query({ id: deposit.id })
    expect(entries.at(-1)).toMatchObject({
      type: 'deposit.transition_refused',
      actor: 'user',
      details: { from: 'settled' },
    })
    expect(entries.map(({ type }) => type)).toEqual([
      'deposit.created',
      'deposit.pending',
      'payment.received',
      'deposit.settled',
      'deposit.transition_refused',
    ])
  })

  it('cancels twice as once', async () => {
    const { id } = await create(alice)
    const first = await alice.client.deposits.cancel.mutate({ id })
    const second = await alice.client.deposits.cancel.mutate({ id })
    expect([first.status, second.status, second.version]).toEqual(['canceled', 'canceled', first.version])
  })

  it.each([
    ['amount.minor', { amount: idr(9_999) }, 'deposit.amount_out_of_range'],
    ['amount.minor', { amount: idr(100_000_001) }, 'deposit.amount_out_of_range'],
    ['method', { method: 'cheque' }, 'deposit.method_unknown'],
    ['amount.currency', { amount: { minor: '50000', currency: 'USD' as const } }, 'deposit.currency_mismatch'],
  ])('names %s when %j is refused', async (field, change, code) => {
    const input = { amount: idr(50_000), method: 'bank_transfer', idempotencyKey: newKey(), ...change }
    const refusal = await refusalOf(alice.client.deposits.create.mutate(input))
    expect(refusal).toMatchObject({ code, status: 400 })
    expect(refusal.details.field).toBe(field)
  })

  it.each([
    ['amount.minor', { amount: idr(0) }],
    ['amount.minor', { amount: { minor: '1.5', currency: 'IDR' } }],
    ['amount.minor', { amount: { minor: '-1', currency: 'IDR' } }],
    ['amount.minor', { amount: { minor: '007', currency: 'IDR' } }],
    ['amount.minor', { amount: { minor: String(2n ** 63n), currency: 'IDR' } }],
    ['amount.minor', { amount: { minor: 50_000, currency: 'IDR' } }],
    ['amount.currency', { amount: { minor: '50000', currency: 'EUR' } }],
    ['method', { method: '' }],
    ['method', { method: 'x'.repeat(41) }],
    ['idempotencyKey', { idempotencyKey: 'short' }],
    ['idempotencyKey', { idempotencyKey: 'with a space in it' }],
    ['idempotencyKey', { idempotencyKey: 'k'.repeat(129) }],
  ])('names %s when %j does not fit the schema', async (field, change) => {
    const input = { amount: idr(50_000), method: 'bank_transfer', idempotencyKey: newKey(), ...change }
    const refusal = await refusalOf(alice.client.deposits.create.mutate(input as never))
    expect(refusal).toMatchObject({ code: 'input.invalid', status: 400 })
    expect(fieldsOf(refusal).map((text) => text.split(':')[0])).toContain(field)
  })

  it('walks a list page by page while deposits are added, and sees each older one once', async () => {
    const person = await signUp(url())
    const older: string[] = []
    for (let i = 0; i < 23; i++) older.push((await create(person, 50_000 + i)).id)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await person.client.deposits.list.query({ limit: 5, ...(cursor === undefined ? {} : { cursor }) })
      expect(page.items.length).toBeLessThanOrEqual(5)
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor ?? undefined
      await Promise.all([create(person), create(person)])
    } while (cursor !== undefined)
    expect(seen).toEqual(older.reverse())
  })

  it('lists one status only where it is asked for', async () => {
    const person = await signUp(url())
    const [first] = [await create(person), await create(person)]
    await person.client.deposits.cancel.mutate({ id: first.id })
    const { items, nextCursor } = await person.client.deposits.list.query({ status: 'canceled' })
    expect(items.map(({ id }) => id)).toEqual([first.id])
    expect(nextCursor).toBeNull()
  })

  it('keeps the key of a deposit whose gateway was away, and opens it once it is back', async () => {
    const person = await signUp(url())
    const key = newKey()
    await behave(product.simulatorUrl, { outage: true })
    try {
      const refusals = await Promise.all([1, 2, 3].map(() => refusalOf(create(person, 70_000, key))))
      for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'gateway.unavailable', status: 503 })
      const { items } = await person.client.deposits.list.query({})
      expect(items).toMatchObject([{ status: 'created', payment: null }])
    } finally {
      await behave(product.simulatorUrl, { outage: false })
    }
    const deposit = await create(person, 70_000, key)
    expect(deposit.status).toBe('pending')
    expect((await create(person, 70_000, key)).id).toBe(deposit.id)
    expect(await rows('SELECT id FROM deposits WHERE owner_id = :id', person)).toHaveLength(1)
    await payAt(product.simulatorUrl, deposit.payment!.reference)
  })

  it('leaves a ledger in order', async () => {
    const admin = await signInAdmin(url())
    const { ok, checks } = await admin.admin.ledger.verify.query()
    expect(checks.filter(({ violationCount }) => violationCount > 0)).toEqual([])
    expect(ok).toBe(true)
    expect((await refusalOf(alice.client.admin.ledger.verify.query())).code).toBe('auth.forbidden')
  })
})

describe.each(backends)('limits, $name', (backend) => {
  it('a person may have so many deposits open, and one more once one has ended', async () => {
    await using product = await openProduct(backend, { DEPOSITS_OPEN_PER_USER_MAX: '2' })
    const { client } = await signUp(product.app.url)
    const create = () =>
      client.deposits.create.mutate({ amount: idr(50_000), method: 'bank_transfer', idempotencyKey: newKey() })
    const [first] = [await create(), await create()]
    expect(await refusalOf(create())).toMatchObject({ code: 'deposit.too_many_open', status: 409, details: { max: 2 } })
    await client.deposits.cancel.mutate({ id: first.id })
    await expect(create()).resolves.toMatchObject({ status: 'pending' })
  })

  it('a method without free addresses says so', async () => {
    await using product = await openProduct(backend, { DEPOSIT_ADDRESSES_MAX: '1' })
    const { client } = await signUp(product.app.url)
    const create = () =>
      client.deposits.create.mutate({ amount: idr(50_000), method: 'bank_transfer', idempotencyKey: newKey() })
    await create()
    // The count is remembered for a while, so the limit may be passed by those few.
    let refusal = null
    for (let tries = 0; refusal === null && tries < 40; tries++) {
      refusal = await create().then(
        () => null,
        (error: unknown) => error,
      )
      await new Promise((resolve) => setTimeout(resolve, 400))
    }
    expect(refusal).toMatchObject({ code: 'deposit.address_exhausted', status: 503 })
  })
})
