import { expect } from 'vitest'
import { DomainError } from '../../src/kernel/errors.ts'
import type { Currency } from '../../src/kernel/money.ts'
import type { StoredNotice } from '../../src/payments/app/notice-port.ts'
import type { PaymentsPolicy } from '../../src/payments/app/policy.ts'
import type { DepositStatus } from '../../src/payments/domain/deposit-status.ts'
import type { ChargeReport, ProviderPayment } from '../../src/payments/domain/gateway.ts'
import { expired, givenUp, type ModelDeposit, overdue, reported, takenBackOnce } from './deposit-model.ts'
import { createFakeGateway, noticeBody } from './fake-gateway.ts'
import { openFaultyDatabase } from './faulty-database.ts'
import type { Action } from './ledger-actions.ts'
import { createLedgerBooks } from './ledger-books.ts'
import { actorOf, buildPayments, createTestClock, userOf } from './payments.ts'

const ttlMs = 60_000
const stepMs = 1_000
const users = [1, 2, 3].map(userOf)

interface WorldOptions {
  readonly env: Readonly<Record<string, string>>
  readonly policy: Partial<PaymentsPolicy>
}

/** The states that a call leads each deposit through. Where a fault struck, it may have stopped at any of them. */
type Prediction = Map<string, ModelDeposit[]>

/**
 * Payments over a real database, a provider beside it, and a model of both. `act` plays one action and compares every
 * row with the model; it throws at the first difference.
 */
export async function openLedgerWorld({ env, policy }: WorldOptions) {
  const clock = createTestClock()
  const gateway = createFakeGateway({ ttlMs })
  const database = await openFaultyDatabase(env)
  const build = () => buildPayments({ database: database.current(), clock, gateway, policy })
  let payments = build()
  const books = createLedgerBooks(database.current, users)
  const deposits: ModelDeposit[] = []
  const keys = new Map<string, { input: string; id: string }>()
  const told: { eventId: string; report: ChargeReport }[] = []
  let serial = 0

  const nowMs = () => clock.now().getTime()
  const { latePolicy } = payments.policy
  const pick = <T>(list: readonly T[], index: number): T | undefined => list.at(-1 - (index % Math.max(1, list.length)))
  const depositAt = (id: string) => deposits.findIndex((deposit) => deposit.id === id)
  const find = (id: string) => deposits[depositAt(id)]

  /** Makes a call whose effect on deposits is foretold, and insists on it. A refusal must be among the allowed codes. */
  async function expecting(prediction: Prediction, call: () => Promise<unknown>, codes: readonly string[] = []) {
    const struck = await attempt(call, codes)
    for (const row of await books.depositRows()) {
      const before = find(row.id)
      if (before === undefined) continue
      const chain = prediction.get(row.id) ?? []
      const allowed = struck ? [before, ...chain] : [chain.at(-1) ?? before]
      const matching = allowed.findLast((state) => books.fits(row, state))
      if (matching === undefined) expect(row, `deposit ${row.id}`).toEqual(books.shown(allowed.at(-1)!))
      deposits[depositAt(row.id)] = books.named(matching!, row)
    }
  }

  /** Whether a fault struck. */
  async function attempt(call: () => Promise<unknown>, codes: readonly string[]): Promise<boolean> {
    const before = database.strikes()
    try {
      await call()
      return database.strikes() > before
    } catch (error) {
      if (database.strikes() > before) return true
      if (error instanceof DomainError && codes.includes(error.code)) return false
      throw error
    }
  }

  async function rulesFor(depositId: string, learntAtMs = nowMs()) {
    return { latePolicy, nowMs: learntAtMs, asked: await books.askedOf(depositId) }
  }

  /** What a report makes of a deposit; asks the provider where the report alone is not enough. */
  async function foretold(report: ChargeReport, complete: boolean, learntAtMs: number): Promise<Prediction> {
    const deposit = find(report.chargeId)
    if (deposit === undefined) return new Map()
    const rules = await rulesFor(deposit.id, learntAtMs)
    const next = reported(deposit, report, rules, complete)
    if (next !== null) return new Map([[deposit.id, [next]]])
    const charge = gateway.charges.get(deposit.id)
    if (charge === undefined || gateway.mood !== 'well') return new Map()
    const known = new Set(charge.takebacks.map(({ transactionId }) => transactionId))
    const takebacks = [
      ...charge.takebacks,
      ...report.takebacks.filter(({ transactionId }) => !known.has(transactionId)),
    ]
    const whole = { ...report, status: charge.status, payments: charge.payments, takebacks }
    return new Map([[deposit.id, [reported(deposit, whole, rules, true)!]]])
  }

  async function handle(notice: StoredNotice) {
    const prediction = await foretold(notice.report, false, notice.receivedAt.getTime())
    await expecting(prediction, () => payments.handle(notice), ['gateway.unavailable'])
  }

  async function handleAll() {
    for (const notice of payments.handedOver.splice(0)) await handle(notice)
  }

  async function tell(eventId: string, report: ChargeReport, way: 'now' | 'stored' | 'lost') {
    if (way === 'lost') return
    told.push({ eventId, report })
    await attempt(() => payments.receive(gateway.name, noticeBody(eventId, report), () => undefined), [])
    // Its node dies before it acts upon the notice.
    if (way === 'stored') payments.handedOver.length = 0
    await handleAll()
  }

  function afterOpening(deposit: ModelDeposit): ModelDeposit {
    if (deposit.status !== 'created') return deposit
    const known = gateway.charges.has(deposit.id)
    const become = (status: DepositStatus) => ({ ...deposit, status })
    if (deposit.endsAtMs <= nowMs()) return become(gateway.mood === 'well' && known ? 'pending' : 'failed')
    if (gateway.mood === 'refuse') return become('failed')
    return gateway.mood === 'well' ? become('pending') : deposit
  }

  async function create({ user, key, minor, method }: Extract<Action, { type: 'create' }>) {
    const owner = users[user]!
    const currency: Currency = method === 'bank' ? 'IDR' : 'USDT'
    const name = `create:${owner}:${key}`
    const input = `${minor}:${method}`
    const first = keys.get(name)
    const codes = ['gateway.unavailable', ...(first && first.input !== input ? ['idempotency.mismatch'] : [])]
    const command = { amount: { minor: BigInt(minor), currency }, method, idempotencyKey: `key-of-tests-${key}` }
    const call = () => payments.create(actorOf(owner), command)
    if (first !== undefined) {
      const deposit = find(first.id)!
      const again = first.input === input ? [afterOpening(deposit)] : []
      await expecting(new Map([[first.id, again]]), call, codes)
      expect(await books.newDeposits(deposits)).toEqual([])
      return
    }
    const struck = await attempt(call, codes)
    const made = await books.newDeposits(deposits)
    expect(made.length, 'one key makes one deposit').toBeLessThanOrEqual(1)
    if (!struck) expect(made).toHaveLength(1)
    for (const { id, reference } of made) {
      await books.checkAddress(reference, deposits, nowMs(), payments.policy)
      keys.set(name, { input, id })
      const zero = { received: 0n, credited: 0n, part: 0n, review: 0n, takenBack: 0n, atProvider: {}, cases: [] }
      const common = { id, owner, currency, due: BigInt(minor), endsAtMs: nowMs() + ttlMs, booked: new Set<string>() }
      const fresh: ModelDeposit = { ...common, ...zero, status: 'created' }
      const opened = afterOpening(fresh)
      const row = (await books.depositRows()).find((found) => found.id === id)!
      const fitting = [opened, ...(struck ? [fresh] : [])].find((state) => books.fits(row, state))
      if (fitting === undefined) expect(row).toEqual(books.shown(opened))
      deposits.push(fitting!)
    }
  }

  function amountOf(size: 'exact' | 'part' | 'over' | 'tiny', { due, part }: ModelDeposit): bigint {
    const missing = due > part ? due - part : due
    if (size === 'exact') return missing
    if (size === 'over') return missing + 7n
    return size === 'part' ? missing / 2n + 1n : 1n
  }

  function timeOf(when: 'now' | 'in_time' | 'late' | 'untold' | 'ahead', { endsAtMs }: ModelDeposit): Date | null {
    if (when === 'untold') return null
    const ms = { now: nowMs(), in_time: endsAtMs - 10, late: endsAtMs + 1, ahead: nowMs() + 3600_000 }[when]
    return new Date(ms)
  }

  async function pay(action: Extract<Action, { type: 'pay' }>) {
    const deposit = pick(deposits, action.deposit)
    if (deposit === undefined || !gateway.charges.has(deposit.id)) return
    const payment: ProviderPayment = {
      transactionId: `p-${++serial}`,
      minor: amountOf(action.size, deposit),
      currency: action.foreign ? 'EUR' : deposit.currency,
      paidAt: timeOf(action.when, deposit),
    }
    gateway.pay(deposit.id, payment)
    const report = { chargeId: deposit.id, status: 'paid' as const, payments: [payment], takebacks: [] }
    await tell(`e-${serial}`, report, action.way)
  }

  async function takeBack(action: Extract<Action, { type: 'takeBack' }>) {
    const deposit = pick(deposits, action.deposit)
    if (deposit === undefined || !gateway.charges.has(deposit.id)) return
    const minor = amountOf(action.size, { ...deposit, part: 0n })
    const currency = action.foreign ? 'EUR' : deposit.currency
    const takeback = { transactionId: `b-${++serial}`, kind: action.kind, minor, currency }
    gateway.takeBack(deposit.id, takeback)
    const report = { chargeId: deposit.id, status: 'paid' as const, payments: [], takebacks: [takeback] }
    await tell(`e-${serial}`, report, action.way)
  }

  async function mark(action: Extract<Action, { type: 'mark' }>) {
    const deposit = pick(deposits, action.deposit)
    if (deposit === undefined || !gateway.charges.has(deposit.id)) return
    gateway.mark(deposit.id, action.status)
    const report = { chargeId: deposit.id, status: action.status, payments: [], takebacks: [] }
    await tell(`e-${++serial}`, report, action.way)
  }

  async function retell(action: Extract<Action, { type: 'retell' }>) {
    const charge = gateway.charges.get(pick(deposits, action.deposit)?.id ?? '')
    if (charge === undefined) return
    const { asked, status, payments, takebacks } = charge
    const report = { chargeId: asked.chargeId, status, payments: [...payments], takebacks: [...takebacks] }
    await tell(`e-${++serial}`, report, action.way)
  }

  async function askProvider() {
    await attempt(
      () =>
        payments.janitor(async (due, ask) => {
          for (const { id } of due) {
            const deposit = find(id)!
            const charge = gateway.charges.get(id)
            let prediction: Prediction = new Map()
            if (deposit.status === 'created') prediction = new Map([[id, [afterOpening(deposit)]]])
            else if (charge !== undefined && gateway.mood === 'well')
              prediction = await foretold({ chargeId: id, ...charge }, true, nowMs())
            const row = due.find((found) => found.id === id)!
            await expecting(prediction, () => ask(row), ['gateway.unavailable', 'gateway.refused'])
          }
        }),
      [],
    )
  }

  /** One after the other; where a fault struck, any of them may have been left out. */
  async function refund() {
    const prediction: Prediction = new Map()
    const answers = gateway.mood === 'well' || gateway.mood === 'refuse'
    for (const entry of answers ? await books.refundable(nowMs()) : []) {
      const { id, depositId, minor, currency } = entry
      const takeback = { transactionId: id, kind: 'refund' as const, minor, currency }
      const rules = await rulesFor(depositId)
      const after = (deposit: ModelDeposit) =>
        gateway.mood === 'well' ? takenBackOnce(deposit, takeback, rules) : givenUp(deposit, id)
      const chain = prediction.get(depositId) ?? []
      prediction.set(depositId, [...chain, after(find(depositId)!), ...chain.map(after)])
    }
    await expecting(prediction, payments.refundCases, ['gateway.unavailable', 'gateway.refused'])
  }

  async function transfer(action: Extract<Action, { type: 'transfer' }>) {
    // Mostly somebody who has something: the empty wallet is the rule by itself.
    const rich = users.filter((user) => books.netOf(user, action.currency, deposits) > 0n)
    const sender = pick(action.again || rich.length === 0 ? users : rich, action.from)!
    const name = `transfer:${sender}:${action.key}`
    const first = keys.get(name)
    const has = books.netOf(sender, action.currency, deposits)
    const share = (has * BigInt(action.thirds) + 2n) / 3n
    const asked = `${action.to}:${share > 0n ? share : 1n}:${action.currency}`
    const input = first !== undefined && action.again ? first.input : asked
    const [to, digits, currency] = input.split(':') as [string, string, Currency]
    const recipient = users[Number(to)]!
    const minor = BigInt(digits)
    const refusal =
      first !== undefined
        ? first.input !== input && 'idempotency.mismatch'
        : recipient === sender
          ? 'wallet.transfer_to_self'
          : books.netOf(sender, currency, deposits) < minor && 'wallet.insufficient_funds'
    const command = {
      to: recipient,
      amount: { minor, currency },
      note: null,
      idempotencyKey: `key-of-tests-${action.key}`,
    }
    let made: string | undefined
    const struck = await attempt(
      async () => {
        made = (await payments.transfer(actorOf(sender), command)).id
      },
      refusal ? [refusal] : [],
    )
    if (!struck) expect(made !== undefined, `${input} is ${refusal || 'made'}`).toBe(!refusal)
    if (first !== undefined) return void (made !== undefined && expect(made, 'the first transfer again').toBe(first.id))
    const id = await books.transferBetween(sender, recipient, currency, minor)
    if (!struck) expect(id).toBe(made)
    if (id !== undefined) keys.set(name, { input, id })
  }

  async function sweep() {
    const ended = deposits.filter((deposit) => overdue(deposit, nowMs()))
    const prediction = new Map(ended.map((deposit) => [deposit.id, [expired(deposit)]]))
    const before = database.strikes()
    await expecting(prediction, payments.sweep)
    return database.strikes() === before
  }

  async function cancel({ user, deposit: index }: Extract<Action, { type: 'cancel' }>) {
    const deposit = pick(deposits, index)
    if (deposit === undefined) return
    const mine = users[user] === deposit.owner
    const legal = mine && deposit.status === 'pending'
    const prediction = new Map(legal ? [[deposit.id, [{ ...deposit, status: 'canceled' as const }]]] : [])
    const refusals = [...(mine ? [] : ['deposit.not_found']), ...(legal ? [] : ['deposit.transition_illegal'])]
    await expecting(prediction, () => payments.cancel(actorOf(users[user]!), deposit.id), refusals)
  }

  /** True after a sweep that no fault struck. */
  async function perform(action: Action): Promise<unknown> {
    switch (action.type) {
      case 'create':
        return create(action)
      case 'cancel':
        return cancel(action)
      case 'pay':
        return pay(action)
      case 'takeBack':
        return takeBack(action)
      case 'mark':
        return mark(action)
      case 'redeliver': {
        const news = pick(told, action.notice)
        return news && tell(action.renamed ? `e-${++serial}` : news.eventId, news.report, 'now')
      }
      case 'retell':
        return retell(action)
      case 'takeUp':
        await attempt(payments.takeUp, [])
        return handleAll()
      case 'janitor':
        return askProvider()
      case 'refund':
        return refund()
      case 'turnOver':
        return void (await attempt(payments.turnOver, []))
      case 'sweep':
        return sweep()
      case 'transfer':
        return transfer(action)
      case 'pass':
        return clock.pass(action.ms)
      case 'mood':
        gateway.mood = action.mood
        return
      case 'fault':
        return database.arm(action.fault, action.nth)
      case 'crash':
        await database.reopen()
        payments = build()
        return
    }
  }

  return {
    database,
    async act(action: Action) {
      clock.pass(stepMs)
      const swept = (await perform(action)) === true
      await books.check(deposits, payments, swept)
    },
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]()
    },
  }
}
