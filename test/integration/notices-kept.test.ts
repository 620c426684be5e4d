import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { StoredNotice } from '../../src/payments/app/notice-port.ts'
import type { ChargeReport } from '../../src/payments/domain/gateway.ts'
import { backends } from '../support/backends.ts'
import { openNoticeHouse, owner } from '../support/notices.ts'
import { violationsOf } from '../support/payments.ts'

const dayMs = 86_400_000
const leaseMs = 5_000

/** The statements that the README gives to operators, by their first word. */
async function readmeSql(word: 'SELECT' | 'UPDATE'): Promise<string> {
  const readme = await readFile('README.md', 'utf8')
  const block = /```sql\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const statement = block.split(';').find((text) => text.trim().startsWith(word))
  return statement?.trim() ?? `the README has no ${word}`
}

describe.each(backends)('notices that are set aside, $name', (backend) => {
  it('are those whose report cannot be read; the others are handled', async () => {
    await using house = await openNoticeHouse(backend)
    for (let i = 0; i < 4; i++) await house.deliver(house.paid((await house.create()).id))
    const [first, second] = (await house.rows()).map(({ id }) => id) as [string, string]
    const spoil = (id: string, report: string) =>
      house.database.transaction((tx) =>
        tx.change('UPDATE webhook_notices SET report = :report WHERE id = :id', { id, report }),
      )
    await spoil(first, '{"chargeId":"of an older version"}')
    await spoil(second, '{"chargeId":"c","status":"paid","payments":[{"minor":')
    house.clock.pass(leaseMs + 1)
    const node = house.node()
    expect(await node.takeUp()).toBe(false)
    for (const notice of node.handedOver) await node.handle(notice)
    expect((await house.rows()).map(({ status }) => status)).toEqual(['set_aside', 'set_aside', 'handled', 'handled'])
    expect(node.told.setAside).toEqual([first, second].map((id) => [id, expect.stringContaining('read')]))
    expect(node.told.handled).toHaveLength(2)
  })

  it('are those that failed too often, and those about a charge that is not ours', async () => {
    await using house = await openNoticeHouse(backend, { policy: { noticeAttemptsMax: 3 } })
    const { payments, gateway, clock } = house
    const { id: chargeId } = await house.create()
    const takebacks = [{ transactionId: 'b-1', kind: 'refund' as const, minor: 100n, currency: 'IDR' }]
    await house.deliver({ chargeId, status: 'paid', payments: [], takebacks })
    await house.deliver(house.paid('of somebody else'))
    gateway.mood = 'away'
    const outcomes: string[] = []
    for (let attempt = 0; attempt < 4; attempt++) {
      for (const notice of payments.handedOver.splice(0))
        outcomes.push(
          await payments.handle(notice).then(
            () => 'done',
            () => 'later',
          ),
        )
      clock.pass(3_600_000)
      await payments.takeUp()
    }
    expect(outcomes).toEqual(['later', 'done', 'later', 'done'])
    const reasons = ['no deposit has this charge', 'gateway.unavailable']
    expect(payments.told.setAside.map(([, reason]) => reason)).toEqual(reasons)
    expect((await house.rows()).map(({ status, outcome }) => [status, outcome])).toEqual([
      ['set_aside', 'gateway.unavailable'],
      ['set_aside', 'no deposit has this charge'],
    ])
  })

  it('are found and handled again by the statements of the README', async () => {
    await using house = await openNoticeHouse(backend, { policy: { noticeAttemptsMax: 1 } })
    const { payments, gateway } = house
    const { id: chargeId } = await house.create()
    const paid = house.paid(chargeId)
    gateway.pay(chargeId, paid.payments[0]!)
    const takebacks = [{ transactionId: 'b-1', kind: 'reversal' as const, minor: 100n, currency: 'IDR' }]
    await house.deliver({ ...paid, payments: [], takebacks })
    gateway.mood = 'away'
    await payments.handle(payments.handedOver.pop()!)
    const [found] = await house.database.select<{ id: string }>(await readmeSql('SELECT'))
    expect(found).toMatchObject({ provider: 'fake', charge_id: chargeId, outcome: 'gateway.unavailable' })
    gateway.mood = 'well'
    const again = (await readmeSql('UPDATE')).replace("'…'", ':id')
    expect(await house.database.transaction((tx) => tx.change(again, { id: found!.id }))).toBe(1)
    await payments.takeUp()
    await payments.handle(payments.handedOver.pop()!)
    expect(await house.rows()).toMatchObject([{ status: 'handled' }])
    expect(await payments.store.deposits.find(chargeId)).toMatchObject({ status: 'reversed' })
  })
})

describe.each(backends)('the retention of notices, $name', (backend) => {
  it('ends for those handled long ago, and for no other', async () => {
    await using house = await openNoticeHouse(backend)
    const { payments, clock } = house
    const deposits = [await house.create(), await house.create(), await house.create()]
    const named = (eventId: string, report: ChargeReport) => house.deliver(report, { eventId })
    await named('handled', house.paid(deposits[0]!.id))
    await named('set aside', house.paid('nobody'))
    for (const notice of payments.handedOver.splice(0)) await payments.handle(notice)
    await named('waits', house.paid(deposits[1]!.id))
    payments.handedOver.length = 0
    clock.pass(29 * dayMs)
    await named('younger', house.paid(deposits[2]!.id))
    await payments.handle(payments.handedOver.pop()!)
    expect(await payments.prune()).toBe(false)
    expect(await house.rows()).toHaveLength(4)
    clock.pass(dayMs + 1)
    expect(await payments.prune()).toBe(false)
    expect((await house.rows()).map(({ event_id }) => event_id).sort()).toEqual(['set aside', 'waits', 'younger'])
  })

  it('removes a bounded number at once, and says that there may be more', async () => {
    await using house = await openNoticeHouse(backend)
    const schema = house.database.sequelize.getQueryInterface()
    const report = JSON.stringify({ chargeId: 'c', status: 'open', payments: [], takebacks: [] })
    const row = {
      provider: 'fake',
      charge_id: 'c',
      report,
      body: '',
      status: 'handled',
      outcome: 'applied',
      attempts: 0,
    }
    const rows = Array.from({ length: 250 }, (_, i) => ({
      id: `n-${i}`,
      event_id: `e-${i}`,
      ...row,
      received_at_ms: i,
    }))
    await schema.bulkInsert('webhook_notices', rows)
    expect([await house.payments.prune(), (await house.rows()).length]).toEqual([true, 50])
    expect([await house.payments.prune(), (await house.rows()).length]).toEqual([false, 0])
  })

  it('leaves what a provider tells again without effect', async () => {
    await using house = await openNoticeHouse(backend)
    const { payments, clock } = house
    const deposits = [await house.create(), await house.create(), await house.create()]
    const [kept, refunded, reversed] = deposits.map(({ id }) => house.paid(id)) as [
      ChargeReport,
      ChargeReport,
      ChargeReport,
    ]
    const takenBack = (report: ChargeReport, kind: 'refund' | 'reversal'): ChargeReport => ({
      ...report,
      payments: [],
      takebacks: [{ transactionId: `back of ${report.chargeId}`.slice(0, 40), kind, minor: 100n, currency: 'IDR' }],
    })
    const reports = [kept, refunded, reversed, takenBack(refunded, 'refund'), takenBack(reversed, 'reversal')]
    const denied: ChargeReport = { ...kept, status: 'denied', payments: [] }
    const tellAll = async () => {
      for (const [index, report] of [...reports, denied].entries()) {
        expect(await house.deliver(report, { eventId: `event-${index}` })).toEqual({ duplicate: false })
        await payments.handle(payments.handedOver.pop() as StoredNotice)
      }
    }
    const books = async () => ({
      entries: await house.database.select('SELECT * FROM ledger_entries ORDER BY posting_id, line'),
      deposits: await Promise.all(deposits.map(({ id }) => payments.store.deposits.find(id))),
      balances: await payments.store.wallets.balances(owner),
      cases: await house.database.select('SELECT * FROM suspense_cases'),
    })
    await tellAll()
    const before = await books()
    expect(before.deposits.map((deposit) => deposit?.status)).toEqual(['settled', 'refunded', 'reversed'])
    clock.pass(31 * dayMs)
    await payments.prune()
    expect(await house.rows()).toEqual([])
    await tellAll()
    expect(await books()).toEqual(before)
    expect(await violationsOf(payments)).toEqual([])
  })
})
