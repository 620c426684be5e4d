import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DepositTick, WalletChange } from '#client'
import { backends, type OpenBackend } from '../support/backends.ts'
import { kindsOf, watchAll } from '../support/money-facts.ts'
import {
  alsoAt,
  atSimulator,
  balanceOf,
  deliver,
  noticeOf,
  openDeposit,
  price,
  signUp,
  storyOf,
  type TestClient,
} from '../support/payer.ts'
import { openSite, type Site, trueNowMs } from '../support/site.ts'

const ttlMs = 6_000
const patiently = { timeout: 20_000, interval: 25 }

describe.each(backends)('$name: a payment from end to end', (backend) => {
  let data: OpenBackend
  let site: Site
  let calls: TestClient
  /** The same person; its socket sits on another node than the calls and webhooks go to, where there are two. */
  let watcher: TestClient
  const urls = () => site.nodes.map(({ url }) => url) as [string, string?]

  beforeAll(async () => {
    data = await backend.open()
    site = await openSite(data, { DEPOSIT_TTL_MS: String(ttlMs) })
    await Promise.all(backend.name === 'embedded' ? [site.startNode()] : [site.startNode(), site.startNode()])
    const [first, second = first] = urls()
    calls = await signUp(first)
    watcher = await alsoAt(second, calls)
  })
  afterAll(async () => {
    calls?.close()
    watcher?.close()
    await site?.[Symbol.asyncDispose]()
    await data?.[Symbol.asyncDispose]()
  })

  it('counts down, is paid at the provider, and pushes the result and the new balance', async () => {
    const changes: WalletChange[] = []
    using _wallet = watcher.realtime.onWalletChanged((change) => void changes.push(change))
    const deposit = await openDeposit(calls)
    expect(deposit).toMatchObject({
      status: 'pending',
      amount: { minor: price, currency: 'IDR' },
      payment: { kind: 'qr' },
    })
    const ticks: (DepositTick & { trueMs: number })[] = []
    using _timer = watcher.realtime.watchDeposit(deposit.id, {
      onTimer: (tick) => void ticks.push({ ...tick, trueMs: Date.parse(tick.expiresAt) - trueNowMs() }),
    })
    const seen = watchAll(watcher, [deposit]).get(deposit.id)
    await expect.poll(() => ticks.length, patiently).toBeGreaterThanOrEqual(3)
    for (const { remainingMs, trueMs } of ticks) expect(Math.abs(remainingMs - trueMs)).toBeLessThan(1_000)

    await atSimulator(site.simulatorUrl, deposit, 'pay')
    await expect.poll(() => kindsOf(seen), patiently).toEqual(['paid'])
    await expect
      .poll(() => changes.at(-1)?.balance, patiently)
      .toMatchObject({ currency: 'IDR', posted: price, available: price })
    expect(changes.at(-1)?.version).toBeGreaterThan(0)
    expect(await balanceOf(calls)).toBe(price)
    expect(await calls.deposits.get.query({ id: deposit.id })).toMatchObject({
      status: 'settled',
      exception: 'none',
      received: { minor: price },
      settledAt: expect.any(String),
    })
    expect(await storyOf(calls, deposit)).toEqual([
      'user deposit.created created',
      'provider:simulator deposit.pending pending',
      'provider:simulator payment.received settled',
      'provider:simulator deposit.settled settled',
    ])
    const { items } = await calls.wallet.transactions.query({})
    expect(items).toMatchObject([{ kind: 'deposit', amount: { minor: price, currency: 'IDR' }, reference: deposit.id }])
  })

  it('is settled by the node that got the webhook, and told by the one that holds the socket', async () => {
    const [first] = urls()
    const deposit = await openDeposit(calls)
    const seen = watchAll(watcher, [deposit]).get(deposit.id)
    await expect.poll(() => seen?.versions.at(-1), patiently).toBe(deposit.version)
    expect((await deliver(first, noticeOf(deposit, { paidAt: new Date() }))).status).toBe(200)
    await expect.poll(() => kindsOf(seen), patiently).toEqual(['paid'])
    expect(seen?.results[0]?.eventId).toEqual(expect.any(String))
  })

  it('is not ticked for any more once it is settled', async () => {
    const deposit = await openDeposit(calls)
    const ticks: string[] = []
    using _raw = watcher.realtime.on('deposit:timer', ({ depositId, status }) => {
      if (depositId === deposit.id) ticks.push(status)
    })
    const seen = watchAll(watcher, [deposit]).get(deposit.id)
    await expect.poll(() => ticks.length, patiently).toBeGreaterThan(0)
    await atSimulator(site.simulatorUrl, deposit, 'pay')
    await expect.poll(() => kindsOf(seen), patiently).toEqual(['paid'])
    const until = ticks.length
    await new Promise((resolve) => setTimeout(resolve, 2_200))
    expect(ticks.slice(until)).toEqual([])
  })

  it('that nobody makes lets the countdown end at zero, and the deposit with it', async () => {
    const before = await balanceOf(calls)
    const deposit = await openDeposit(calls)
    const shown: number[] = []
    using _timer = watcher.realtime.watchDeposit(deposit.id, {
      onTimer: ({ remainingMs }) => void shown.push(remainingMs),
    })
    const seen = watchAll(watcher, [deposit]).get(deposit.id)
    await expect.poll(() => kindsOf(seen), patiently).toEqual(['expired'])
    const lateMs = trueNowMs() - Date.parse(deposit.expiresAt)
    expect(lateMs).toBeGreaterThan(0)
    expect(lateMs).toBeLessThan(5_000)
    expect(shown.at(-1)).toBe(0)
    expect(shown).toEqual([...shown].sort((a, b) => b - a))
    expect(await balanceOf(calls)).toBe(before)
    expect(await storyOf(calls, deposit)).toEqual([
      'user deposit.created created',
      'provider:simulator deposit.pending pending',
      'system deposit.expired expired',
    ])
  })

  it('keeps the ledger in order', async () => {
    await expect.poll(() => site.ledgerFaults(), patiently).toEqual([])
  })
})
