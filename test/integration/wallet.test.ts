import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isXmError } from '../../client-sdk/src/index.ts'
import { backends } from '../support/backends.ts'
import { openProduct, type Product } from '../support/product.ts'
import { fieldsOf, idr, newKey, refusalOf, type SignedUp, signInAdmin, signUp, topUp } from '../support/sdk.ts'

describe.each(backends)('$name', (backend) => {
  let product: Product
  let rich: SignedUp
  let poor: SignedUp

  beforeAll(async () => {
    product = await openProduct(backend, { TRANSFER_MAX_MINOR: '1000000' })
    rich = await signUp(product.app.url)
    poor = await signUp(product.app.url)
    await topUp(rich, product.simulatorUrl, 100_000)
  })
  afterAll(async () => {
    await product[Symbol.asyncDispose]()
  })

  const send = (from: SignedUp, to: string, minor: number, idempotencyKey = newKey(), note?: string) =>
    from.client.wallet.transfer.mutate({
      to,
      amount: idr(minor),
      idempotencyKey,
      ...(note === undefined ? {} : { note }),
    })

  async function available({ client }: SignedUp): Promise<number> {
    const { balances } = await client.wallet.balances.query()
    return Number(balances.find(({ currency }) => currency === 'IDR')?.available ?? 0)
  }

  it('lets exactly 33 of 50 parallel transfers through where the balance allows 33', async () => {
    const payer = await signUp(product.app.url)
    const payee = await signUp(product.app.url)
    await topUp(payer, product.simulatorUrl, 33_900)
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => send(payer, payee.handle, 1_000)))
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(33)
    expect(failures.map((error) => isXmError(error) && error.code)).toEqual(Array(17).fill('wallet.insufficient_funds'))
    expect([await available(payer), await available(payee)]).toEqual([900, 33_000])
    const { ok } = await (await signInAdmin(product.app.url)).admin.ledger.verify.query()
    expect(ok).toBe(true)
  })

  it('moves money both ways at once and loses none', async () => {
    const [a, b] = [await signUp(product.app.url), await signUp(product.app.url)]
    await topUp(a, product.simulatorUrl, 20_000)
    await topUp(b, product.simulatorUrl, 20_000)
    const sendings = Array.from({ length: 40 }, (_, i) => (i % 2 ? send(a, b.id, 100) : send(b, a.id, 100)))
    await Promise.all(sendings)
    expect([await available(a), await available(b)]).toEqual([20_000, 20_000])
  })

  it('moves money once for a key that is used 20 times at once, with equal answers', async () => {
    const before = await available(rich)
    const key = newKey()
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(rich, poor.handle, 500, key, 'thanks')))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ kind: 'transfer', amount: idr(-500), counterparty: poor.handle, note: 'thanks' })
    expect(await available(rich)).toBe(before - 500)
    expect(await send(rich, poor.handle.toUpperCase(), 500, key, 'thanks')).toEqual(answers[0])
  })

  it.each([
    ['amount', [poorHandle, 501, 'thanks']],
    ['note', [poorHandle, 500, 'no thanks']],
    ['recipient', ['admin', 500, 'thanks']],
  ] as const)('refuses a key that was used with another %s', async (_what, [to, minor, note]) => {
    const key = newKey()
    await send(rich, poor.handle, 500, key, 'thanks')
    const other = to === poorHandle ? poor.handle : (await signUp(product.app.url)).handle
    expect(await refusalOf(send(rich, other, minor, key, note))).toMatchObject({
      code: 'idempotency.mismatch',
      details: { field: 'idempotencyKey' },
    })
  })

  it('keeps no key of a transfer that was refused', async () => {
    const person = await signUp(product.app.url)
    const key = newKey()
    expect((await refusalOf(send(person, poor.handle, 20_000, key))).code).toBe('wallet.insufficient_funds')
    await topUp(person, product.simulatorUrl, 20_000)
    await expect(send(person, poor.handle, 20_000, key)).resolves.toMatchObject({ amount: idr(-20_000) })
  })

  it.each([
    ['wallet.amount_out_of_range', 'amount.minor', 1_000_001, poorHandle],
    ['wallet.recipient_not_found', 'to', 1, 'nobody_of_that_name'],
    ['wallet.transfer_to_self', 'to', 1, 'self'],
  ] as const)('%s names %s', async (code, field, minor, to) => {
    const recipient = to === 'self' ? rich.handle : to === poorHandle ? poor.handle : to
    const refusal = await refusalOf(send(rich, recipient, minor))
    expect(refusal.code).toBe(code)
    expect(refusal.details.field).toBe(field)
  })

  it.each([
    ['note', { note: 'x'.repeat(281) }],
    ['to', { to: 'ab' }],
    ['amount.minor', { amount: idr(0) }],
  ])('names %s when it does not fit the schema', async (field, change) => {
    const input = { to: poor.handle, amount: idr(1), idempotencyKey: newKey(), ...change }
    const refusal = await refusalOf(rich.client.wallet.transfer.mutate(input))
    expect(refusal.code).toBe('input.invalid')
    expect(fieldsOf(refusal).map((text) => text.split(':')[0])).toEqual([field])
  })

  it('walks a history page by page while transfers are made, and sees each older one once', async () => {
    const [payer, payee] = [await signUp(product.app.url), await signUp(product.app.url)]
    await topUp(payer, product.simulatorUrl, 50_000)
    const older: string[] = []
    for (let i = 1; i <= 17; i++) older.push((await send(payer, payee.handle, i)).id)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await payee.client.wallet.transactions.query({
        limit: 4,
        ...(cursor === undefined ? {} : { cursor }),
      })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor ?? undefined
      await Promise.all([send(payer, payee.handle, 100), send(payer, payee.handle, 101)])
    } while (cursor !== undefined)
    expect(seen).toEqual(older.reverse())
  })

  it("shows nobody else's history", async () => {
    const stranger = await signUp(product.app.url)
    expect(await stranger.client.wallet.transactions.query({})).toEqual({ items: [], nextCursor: null })
    expect(await stranger.client.wallet.balances.query()).toEqual({ balances: [] })
  })
})

const poorHandle = 'the poor one'
