import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sign, signatureHeader } from '../../src/payments/adapters/provider/simulator/signing.ts'
import { backends } from '../support/backends.ts'
import { openProduct, type Product, roomyEnv } from '../support/product.ts'
import { recordLog } from '../support/recorded-log.ts'

const paidAt = '2026-01-31T12:00:00Z'
const payment = (change: object = {}) => ({ transactionId: 't-1', minor: '5', currency: 'IDR', paidAt, ...change })
const takeback = (change: object) => ({ transactionId: 't-1', kind: 'refund', minor: '5', currency: 'IDR', ...change })

const identifier = 'must be 1 to 100 printable ASCII characters without spaces'
const line = 'must be 1 to 200 characters of well-formed text in one line, without spaces around it'
const currency = 'must be 1 to 10 letters, digits, dots or dashes'

describe.each(backends)('a notice of the provider, $name', (backend) => {
  let product: Product
  const { log, lines } = recordLog()

  beforeAll(async () => {
    product = await openProduct(backend, {}, { log })
  })
  afterAll(async () => {
    await product[Symbol.asyncDispose]()
  })

  async function deliver(change: object) {
    const sound = { eventId: randomUUID(), chargeId: randomUUID(), reference: 'r-1', status: 'paid', sentAt: paidAt }
    const body = JSON.stringify({ ...sound, payments: [], takebacks: [], ...change })
    const headers = { [signatureHeader]: sign(roomyEnv.SIMULATOR_SECRET, new Date(), body) }
    const answer = await fetch(`${product.app.url}/webhooks/simulator`, { method: 'POST', headers, body })
    return { status: answer.status, body: await answer.json() }
  }

  it.each([
    ['eventId', identifier, { eventId: 'e-1 ' }],
    ['eventId', identifier, { eventId: 'e\0' }],
    ['eventId', identifier, { eventId: 'e'.repeat(101) }],
    ['chargeId', identifier, { chargeId: 'c-1\n' }],
    ['chargeId', identifier, { chargeId: '\ud800' }],
    ['reference', line, { reference: 'r\u001b' }],
    ['reference', line, { reference: 'r\ud800' }],
    ['reference', line, { reference: 'r ' }],
    ['payments.0.transactionId', identifier, { payments: [payment({ transactionId: 't-1 ' })] }],
    ['payments.1.transactionId', identifier, { payments: [payment(), payment({ transactionId: 'té' })] }],
    ['payments.0.currency', currency, { payments: [payment({ currency: 'ELEVENCHARS' })] }],
    ['payments.0.currency', currency, { payments: [payment({ currency: 'ID\0' })] }],
    ['payments.0.currency', currency, { payments: [payment({ currency: 'IDR:x' })] }],
    ['takebacks.0.transactionId', identifier, { takebacks: [takeback({ transactionId: '' })] }],
    ['takebacks.0.currency', currency, { takebacks: [takeback({ currency: 'IDR ' })] }],
  ])('with an odd %s is refused, named and not stored', async (field, rule, change) => {
    expect(await deliver(change)).toMatchObject({
      status: 400,
      body: { code: 'request.malformed', details: { problems: [`${field}: ${rule}`] } },
    })
    expect(await product.app.database.select('SELECT id FROM webhook_notices')).toEqual([])
  })

  it('with the longest ids and codes there are is stored', async () => {
    const longest = (letter: string) => letter.repeat(100)
    const payments = [payment({ transactionId: longest('t'), currency: 'USDT-TRC20' })]
    const change = { eventId: longest('e'), chargeId: longest('c'), reference: 'r'.repeat(200), payments }
    expect(await deliver(change)).toMatchObject({ status: 200, body: { duplicate: false } })
    expect(await deliver(change)).toMatchObject({ status: 200, body: { duplicate: true } })
  })

  it('about a charge that is not ours is set aside: an error line names it, and a figure counts it', async () => {
    const chargeId = randomUUID()
    expect(await deliver({ chargeId, payments: [payment()] })).toMatchObject({ status: 200 })
    const setAside = async () => {
      const sql = "SELECT id FROM webhook_notices WHERE charge_id = :chargeId AND status = 'set_aside'"
      return product.app.database.select<{ id: string }>(sql, { chargeId })
    }
    await expect.poll(setAside).toHaveLength(1)
    const [notice] = await setAside()
    const told = () => lines().find(({ noticeId }) => noticeId === notice?.id)
    await expect.poll(told).toMatchObject({ level: 50, provider: 'simulator', reason: 'no deposit has this charge' })
    const figures = await (await fetch(`${product.app.url}/metrics`)).text()
    expect(figures).toMatch(/xm_webhooks_total\{provider="simulator",outcome="set_aside"\} [1-9]/)
  })
})
