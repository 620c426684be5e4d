import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DepositView } from '#client'
import { backends } from '../support/backends.ts'
import { kindsOf, watchAll } from '../support/money-facts.ts'
import {
  atSimulator,
  balanceOf,
  openClient,
  openDeposit,
  price,
  signUp,
  storyOf,
  type TestClient,
} from '../support/payer.ts'
import { openProduct, type Product } from '../support/product.ts'

const ttlMs = 3_000
const patiently = { timeout: 20_000, interval: 25 }
const half = String(Number(price) / 2)
const opening = ['user deposit.created created', 'provider:simulator deposit.pending pending']
const provider = (...steps: string[]) => steps.map((step) => `provider:simulator ${step}`)

describe.each(backends)('$name: a payment that is out of the ordinary', (backend) => {
  let product: Product
  beforeAll(async () => {
    product = await openProduct(backend, { DEPOSIT_TTL_MS: String(ttlMs) })
  })
  afterAll(() => product?.[Symbol.asyncDispose]())

  /** Somebody new with an open deposit, watched. */
  async function open() {
    const client = await signUp(product.app.url)
    const deposit = await openDeposit(client)
    const seen = watchAll(client, [deposit]).get(deposit.id)
    await expect.poll(() => seen?.versions.at(-1), patiently).toBe(deposit.version)
    const at = (
      ...[action, body]: Parameters<typeof atSimulator> extends [string, DepositView, ...infer R] ? R : never
    ) => atSimulator(product.simulatorUrl, deposit, action, body)
    const becomes = (wanted: Partial<DepositView>) =>
      expect.poll(() => client.deposits.get.query({ id: deposit.id }), patiently).toMatchObject(wanted)
    const results = (...kinds: string[]) => expect.poll(() => kindsOf(seen), patiently).toEqual(kinds)
    return {
      client,
      deposit,
      at,
      becomes,
      results,
      story: () => storyOf(client, deposit),
      [Symbol.dispose]: () => client.close(),
    }
  }

  it('in parts: each waits, and the last one settles the deposit', async () => {
    using one = await open()
    await one.at('pay', { amountMinor: half })
    await one.becomes({
      status: 'partially_paid',
      exception: 'paid_partial',
      received: { minor: half, currency: 'IDR' },
    })
    expect(await balanceOf(one.client)).toBe('0')
    await one.at('pay', { amountMinor: half })
    await one.results('paid')
    await one.becomes({ status: 'settled', exception: 'none' })
    expect(await balanceOf(one.client)).toBe(price)
    expect(await one.story()).toEqual([
      ...opening,
      ...provider('payment.received partially_paid', 'deposit.partially_paid partially_paid'),
      ...provider('payment.received settled', 'deposit.settled settled'),
    ])
  })

  it('too much: credited in full and flagged', async () => {
    using one = await open()
    await one.at('pay', { amountMinor: '15000' })
    await one.results('paid')
    await one.becomes({ status: 'settled', exception: 'paid_over', received: { minor: '15000', currency: 'IDR' } })
    expect(await balanceOf(one.client)).toBe('15000')
  })

  it('in another currency: never credited, and the right money still settles', async () => {
    using one = await open()
    await one.at('pay', { amountMinor: '500', currency: 'USD' })
    await expect.poll(one.story, patiently).toContain('provider:simulator payment.suspended pending')
    expect([await balanceOf(one.client), await balanceOf(one.client, 'USD')]).toEqual(['0', '0'])
    await one.at('pay')
    await one.results('paid')
    expect([await balanceOf(one.client), await balanceOf(one.client, 'USD')]).toEqual([price, '0'])
  })

  it('after the end, or in part: expired, not credited, kept for review', async () => {
    using late = await open()
    using partial = await open()
    await partial.at('pay', { amountMinor: half })
    await Promise.all([late.results('expired'), partial.results('expired')])
    await late.at('pay')
    await late.becomes({ status: 'expired', exception: 'paid_late', received: { minor: price, currency: 'IDR' } })
    await partial.becomes({ status: 'expired', exception: 'paid_partial', received: { minor: half, currency: 'IDR' } })
    expect(await late.story()).toEqual([
      ...opening,
      'system deposit.expired expired',
      ...provider('payment.received expired', 'payment.suspended expired'),
    ])
    expect([await balanceOf(late.client), await balanceOf(partial.client)]).toEqual(['0', '0'])
    await late.results('expired')
  })

  it('in time but told after the end: expired first, then paid, with a higher version', async () => {
    using one = await open()
    const paidAt = new Date().toISOString()
    await one.results('expired')
    await one.at('pay', { paidAt })
    await one.results('expired', 'paid')
    await one.becomes({ status: 'settled', exception: 'none' })
    expect(await balanceOf(one.client)).toBe(price)
  })

  it('for a canceled deposit: credited when it was made in time', async () => {
    using one = await open()
    await one.client.deposits.cancel.mutate({ id: one.deposit.id })
    await one.results('canceled')
    await one.at('pay')
    await one.results('canceled', 'paid')
    expect(await balanceOf(one.client)).toBe(price)
  })

  it('denied by the provider: failed', async () => {
    using one = await open()
    await one.at('deny')
    await one.results('failed')
    await one.becomes({ status: 'failed' })
    expect((await one.story()).at(-1)).toBe('provider:simulator deposit.failed failed')
  })

  it('given back in part, then whole: the balance follows', async () => {
    using one = await open()
    await one.at('pay')
    await one.results('paid')
    await one.at('refund', { amountMinor: half })
    await one.becomes({ status: 'partially_refunded' })
    expect(await balanceOf(one.client)).toBe(half)
    await one.at('refund')
    await one.becomes({ status: 'refunded' })
    expect(await balanceOf(one.client)).toBe('0')
    await one.results('paid')
  })

  it('taken back by the provider: reversed, told, and gone from the balance', async () => {
    using one = await open()
    await one.at('pay')
    await one.results('paid')
    await one.at('reverse')
    await one.results('paid', 'reversed')
    await one.becomes({ status: 'reversed' })
    expect(await balanceOf(one.client)).toBe('0')
    expect((await one.story()).at(-1)).toBe('provider:simulator payment.reversed reversed')
  })

  it('leaves the ledger in order', async () => {
    using admin = await signIn()
    await expect.poll(async () => brokenRules(await admin.admin.ledger.verify.query()), patiently).toEqual([])
  })

  async function signIn(): Promise<TestClient> {
    const client = openClient(product.app.url)
    await client.auth.login.mutate({ login: 'admin@example.com', password: 'admin password of the tests' })
    return client
  }
})

describe.each(backends)('$name: a payment after the end', (backend) => {
  const outcomes = [
    { policy: 'credit', results: ['expired', 'paid'], status: 'settled', balance: price },
    { policy: 'refund', results: ['expired'], status: 'expired', balance: '0' },
  ]
  it.each(outcomes)('under the policy of $policy', async ({ policy, results, status, balance }) => {
    const env = { DEPOSIT_TTL_MS: '1500', DEPOSIT_LATE_POLICY: policy, JANITOR_INTERVAL_MS: '200' }
    await using product = await openProduct(backend, env)
    using client = await signUp(product.app.url)
    const deposit = await openDeposit(client)
    const seen = watchAll(client, [deposit]).get(deposit.id)
    await expect.poll(() => kindsOf(seen), patiently).toEqual(['expired'])
    await atSimulator(product.simulatorUrl, deposit, 'pay')
    await expect.poll(() => kindsOf(seen), patiently).toEqual(results)
    const found = () => client.deposits.get.query({ id: deposit.id })
    await expect.poll(found, patiently).toMatchObject({ status, exception: 'paid_late' })
    if (policy === 'refund') {
      await expect
        .poll(() => storyOf(client, deposit), patiently)
        .toContain('provider:simulator payment.refunded expired')
      const charge = await fetch(
        `${product.simulatorUrl}/charges/${encodeURIComponent(deposit.payment?.reference ?? '')}`,
      )
      expect(((await charge.json()) as { refunds: unknown[] }).refunds).toMatchObject([
        { minor: price, currency: 'IDR' },
      ])
    }
    expect(await balanceOf(client)).toBe(balance)
  })
})

function brokenRules({ checks }: { checks: { invariant: string; violations: string[] }[] }): string[] {
  return checks.flatMap(({ invariant, violations }) => violations.map((violation) => `${invariant}: ${violation}`))
}
