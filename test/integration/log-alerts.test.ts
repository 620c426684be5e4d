import { appendFileSync, mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ServerEvents, XmClient } from '../../client-sdk/src/index.ts'
import type { App } from '../../src/main/app.ts'
import { backends } from '../support/backends.ts'
import { openProduct, type Product } from '../support/product.ts'
import { fieldsOf, refusalOf, signInAdmin } from '../support/sdk.ts'

const waits = { timeout: 20_000, interval: 50 }

interface Received {
  readonly id: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string
}

describe.each(backends)('alerts, $name', (backend) => {
  let product: Product
  let second: App | null = null
  let admin: XmClient
  let folder: string
  let endpoint: Server
  let url: string
  let answerOf: (path: string) => number | null = () => 204
  const received: Received[] = []
  const heard: ServerEvents['logs:alert'][] = []
  const news: ServerEvents['logs:group'][] = []
  let files = 0

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'xm-alerts-'))
    endpoint = createServer((request, response) => {
      let body = ''
      request.on('data', (piece) => {
        body += piece
      })
      request.on('end', () => {
        const headers = request.headers as Record<string, string>
        received.push({ id: headers['webhook-id'] ?? '', path: request.url ?? '', headers, body })
        const status = answerOf(request.url ?? '')
        if (status !== null) response.writeHead(status).end()
      })
    })
    await new Promise<void>((done) => endpoint.listen(0, '127.0.0.1', done))
    url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`
    product = await openProduct(backend, {
      ...{ WEBHOOK_OUT_ALLOW_PRIVATE: 'true', WEBHOOK_OUT_RETRY_MS: '50', WEBHOOK_OUT_TIMEOUT_MS: '500' },
      ...{ LOG_ALERT_POLL_MS: '50', LOG_ALERT_LOOK_MS: '200', LOG_LOOK_MS: '500', WEBHOOK_OUT_ATTEMPTS_MAX: '4' },
      ...{ LOG_REFRESH_MS: '300', LOG_ALERT_RULES_MAX: '12' },
    })
    if (backend.name !== 'embedded') second = await product.openNode()
    admin = await signInAdmin(product.app.url)
    admin.realtime.watchLogs({ onAlert: (alert) => heard.push(alert), onGroup: (group) => news.push(group) })
    await vi.waitFor(() => expect(admin.realtime.status).toBe('connected'), waits)
    await admin.logs.sources.list.query()
    await new Promise((done) => setTimeout(done, 300))
  })
  afterAll(async () => {
    admin.realtime.close()
    await product[Symbol.asyncDispose]()
    endpoint.close()
    endpoint.closeAllConnections()
    await rm(folder, { recursive: true, force: true })
  })

  const { rules } = { rules: () => admin.logs.alerts.rules }
  const alertsOf = async (rule: string) => (await admin.logs.alerts.list.query({ rule, limit: 100 })).items
  const deliveriesOf = async (rule: string) => (await admin.logs.alerts.deliveries.query({ rule, limit: 100 })).items

  /** A source of its own, with the file that it follows. */
  async function follow(): Promise<{ source: string; path: string }> {
    const source = `alerts-${++files}`
    mkdirSync(join(folder, source))
    await admin.logs.sources.add.mutate({ name: source, paths: [join(folder, source)] })
    return { source, path: join(folder, source, 'app.log') }
  }
  const groupsOf = async (source: string) => (await admin.logs.groups.list.query({ source, limit: 100 })).items

  it('of new groups come from the start, to the log and to who listens', async () => {
    const items = (await rules().list.query()).items
    expect(items.map(({ name, measure, channels }) => [name, measure.kind, channels])).toEqual([
      ['Errors that are back', 'regressed', ['log', 'socket']],
      ['New errors', 'new_group', ['log', 'socket']],
    ])
    const { path } = await follow()
    appendFileSync(path, 'ERROR the first of its kind 1\nERROR the first of its kind 2\nWARN low disk space\n')
    await vi.waitFor(() => expect(heard.some(({ title }) => title.includes('first of its kind'))).toBe(true), waits)
    const alert = heard.find(({ title }) => title.includes('first of its kind'))!
    expect(alert).toMatchObject({ rule: { name: 'New errors' }, kind: 'new_group', level: 'error', lines: 2 })
    expect(await alertsOf(alert.rule.id)).toContainEqual(alert)
    await vi.waitFor(async () => {
      const deliveries = (await deliveriesOf(alert.rule.id)).filter((delivery) => delivery.alert === alert.id)
      expect(deliveries.map(({ channel, status, attempts }) => [channel, status, attempts]).sort()).toEqual([
        ['log', 'done', 1],
        ['socket', 'done', 1],
      ])
    }, waits)
  })

  it('of a group that is back come once; of a line from before the resolve there is none', async () => {
    const { source, path } = await follow()
    const lines = (from: number, count: number, stamp: string) =>
      Array.from(
        { length: count },
        (_, index) => `${stamp} ERROR User ${from + index} timed out after ${index}ms\n`,
      ).join('')
    const early = new Date(Date.now() - 60_000).toISOString()
    appendFileSync(path, lines(0, 10_000, early))
    await vi.waitFor(async () => expect(await groupsOf(source)).toMatchObject([{ count: 10_000 }]), waits)
    const { id } = (await groupsOf(source))[0]!
    await admin.logs.groups.setStatus.mutate({ id, status: 'resolved' })
    appendFileSync(path, lines(10_000, 3, early))
    await vi.waitFor(
      async () => expect(await groupsOf(source)).toMatchObject([{ count: 10_003, status: 'resolved' }]),
      waits,
    )
    const late = new Date(Date.now() + 5000).toISOString()
    appendFileSync(path, lines(10_003, 1, late))
    await vi.waitFor(
      async () => expect(await groupsOf(source)).toMatchObject([{ count: 10_004, status: 'regressed' }]),
      waits,
    )
    appendFileSync(path, lines(10_004, 2, late))
    await vi.waitFor(async () => expect(await groupsOf(source)).toMatchObject([{ count: 10_006 }]), waits)
    const all = (await admin.logs.alerts.list.query({ group: id })).items
    expect(all.map(({ kind }) => kind)).toEqual(['regressed', 'new_group'])
    expect(news.filter(({ group }) => group === id).map((one) => one.news)).toEqual(['new', 'regressed'])

    await admin.logs.groups.setStatus.mutate({ id, status: 'ignored', lines: 100 })
    appendFileSync(path, lines(0, 99, late))
    await vi.waitFor(
      async () => expect(await groupsOf(source)).toMatchObject([{ count: 10_105, status: 'ignored' }]),
      waits,
    )
    appendFileSync(path, lines(0, 1, late))
    await vi.waitFor(
      async () => expect(await groupsOf(source)).toMatchObject([{ count: 10_106, status: 'ongoing' }]),
      waits,
    )
    expect((await admin.logs.alerts.list.query({ group: id })).items).toHaveLength(3)
  })

  it('go to a webhook, signed, until it takes them; one that is given up can be sent again', async () => {
    const { source, path } = await follow()
    const failing = [500, 500, 200]
    answerOf = (to) =>
      to === '/flaky' ? (failing.shift() ?? 200) : to === '/dead' ? 503 : to === '/hanging' ? null : 204
    const make = (name: string) =>
      rules().create.mutate({
        ...{ name, measure: { kind: 'new_group' }, source, channels: ['webhook'], webhookUrl: `${url}/${name}` },
      })
    const [flaky, dead, hanging, fine] = [
      await make('flaky'),
      await make('dead'),
      await make('hanging'),
      await make('fine'),
    ]
    expect(flaky.secret).toMatch(/^whsec_/)
    expect(JSON.stringify((await rules().list.query()).items)).not.toContain('whsec_')
    appendFileSync(path, 'ERROR the pump 7 leaks\n')
    const statusOf = async (rule: string) =>
      (await deliveriesOf(rule)).map(({ status, attempts }) => [status, attempts])
    await vi.waitFor(async () => expect(await statusOf(flaky.id)).toEqual([['done', 3]]), waits)
    await vi.waitFor(async () => expect(await statusOf(dead.id)).toEqual([['failed', 4]]), waits)
    await vi.waitFor(async () => expect(await statusOf(hanging.id)).toEqual([['failed', 4]]), waits)
    expect(await statusOf(fine.id)).toEqual([['done', 1]])
    expect((await deliveriesOf(dead.id))[0]).toMatchObject({ problem: 'answered 503', nextAttemptAt: null })
    expect((await deliveriesOf(hanging.id))[0]).toMatchObject({ problem: 'gave no answer in time' })

    const attempts = received.filter((one) => one.path === '/flaky')
    expect(new Set(attempts.map(({ id }) => id)).size).toBe(1)
    const alert = (await alertsOf(flaky.id))[0]!
    expect(attempts[0]?.id).toBe(alert.id)
    for (const { body, headers } of attempts)
      expect(new Webhook(flaky.secret!).verify(body, headers)).toEqual({
        ...{ type: 'logs.alert', timestamp: alert.at, data: alert },
      })

    answerOf = () => 204
    const again = (await deliveriesOf(dead.id))[0]!
    await admin.logs.alerts.redeliver.mutate({ id: again.id })
    await vi.waitFor(async () => expect(await statusOf(dead.id)).toEqual([['done', 1]]), waits)
    for (const { id } of [dead, hanging, fine]) await rules().remove.mutate({ id })
    expect((await alertsOf(dead.id)).length).toBe(1)

    const rotated = await rules().rotateSecret.mutate({ id: flaky.id })
    expect(rotated.secret).not.toBe(flaky.secret)
    await rules().test.mutate({ id: flaky.id })
    await vi.waitFor(() => expect(received.filter((one) => one.path === '/flaky')).toHaveLength(4), waits)
    const tested = received.filter((one) => one.path === '/flaky').at(-1)!
    expect(new Webhook(rotated.secret!).verify(tested.body, tested.headers)).toMatchObject({ data: { kind: 'test' } })
    await rules().remove.mutate({ id: flaky.id })
  }, 40_000)

  it('of many lines in a window, and of a spike, come once, and again when it was quiet for long enough', async () => {
    const { source, path } = await follow()
    const rate = await rules().create.mutate({
      ...{ name: 'rate', measure: { kind: 'rate', windowMs: 60_000, threshold: 20 }, source, quietMs: 3_600_000 },
    })
    const measure = { kind: 'spike', windowMs: 60_000, threshold: 5, factor: 4, windows: 10 } as const
    const spike = await rules().create.mutate({ name: 'spike', measure, source, quietMs: 3_600_000 })
    const calm = await rules().create.mutate({
      ...{ name: 'calm', measure: { kind: 'rate', windowMs: 60_000, threshold: 20 }, source: 'no-such', quietMs: 0 },
    })
    // Old lines that are read now alarm nobody; they are what was usual.
    const stampOf = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
    for (let minute = 2; minute < 10; minute++)
      appendFileSync(path, `${stampOf(minute)} ERROR valve ${minute} is stuck\n`.repeat(10))
    await vi.waitFor(async () => expect(await groupsOf(source)).toMatchObject([{ count: 80 }]), waits)
    await new Promise((done) => setTimeout(done, 700))
    expect(await alertsOf(rate.id)).toEqual([])
    appendFileSync(path, `${stampOf(0)} ERROR valve 1 is stuck\n`.repeat(60))
    await vi.waitFor(async () => expect(await alertsOf(rate.id)).toHaveLength(1), waits)
    await vi.waitFor(async () => expect(await alertsOf(spike.id)).toHaveLength(1), waits)
    appendFileSync(path, `${stampOf(0)} ERROR valve 1 is stuck\n`.repeat(60))
    await new Promise((done) => setTimeout(done, 1000))
    expect([(await alertsOf(rate.id)).length, (await alertsOf(spike.id)).length]).toEqual([1, 1])
    expect((await alertsOf(rate.id))[0]).toMatchObject({ kind: 'rate', group: null, level: 'error' })
    expect(await alertsOf(calm.id)).toEqual([])
    for (const { id } of [rate, spike, calm]) await rules().remove.mutate({ id })
  })

  it('of very many new groups at once are told in few', async () => {
    const { source, path } = await follow()
    const rule = await rules().create.mutate({
      name: 'many',
      measure: { kind: 'new_group' },
      source,
      channels: ['log'],
    })
    const words = ['apple', 'bread', 'chair', 'dream', 'eagle', 'flame', 'grape', 'house', 'igloo', 'jelly']
    const text = words.flatMap((one) => words.map((two) => `ERROR the ${one} fell on the ${two}\n`)).join('')
    appendFileSync(path, text)
    await vi.waitFor(async () => expect(await groupsOf(source)).toHaveLength(100), waits)
    const raised = await alertsOf(rule.id)
    expect(raised.length).toBeLessThanOrEqual(22)
    expect(raised.some(({ title }) => /more groups$/.test(title))).toBe(true)
    await rules().remove.mutate({ id: rule.id })
  })

  it('are of rules that staff make, change and switch, with audit', async () => {
    const made = await rules().create.mutate({ name: 'changed', measure: { kind: 'new_group' } })
    expect(made).toMatchObject({ minLevel: 'error', source: null, quietMs: 600_000, secret: null })
    const { id } = made
    const changed = await rules().update.mutate({ id, minLevel: 'warn', channels: ['webhook'], webhookUrl: `${url}/x` })
    expect(changed).toMatchObject({
      name: 'changed',
      minLevel: 'warn',
      source: null,
      secret: expect.stringMatching(/^whsec_/),
    })
    expect(await rules().update.mutate({ id, source: 'app' })).toMatchObject({
      minLevel: 'warn',
      source: 'app',
      secret: null,
    })
    expect(await rules().setEnabled.mutate({ id, isEnabled: false })).toMatchObject({ isEnabled: false })
    expect((await refusalOf(rules().create.mutate({ name: 'changed', measure: { kind: 'regressed' } }))).code).toBe(
      'logs.alert_rule_taken',
    )
    await rules().remove.mutate({ id })
    for (const call of [rules().remove, rules().test, rules().rotateSecret])
      expect((await refusalOf(call.mutate({ id }))).code).toBe('logs.alert_rule_not_found')
    const rows = await product.app.database.select<{ action: string }>(
      'SELECT action FROM audit_log WHERE subject = :subject ORDER BY id',
      { subject: `log_alert_rule:${id}` },
    )
    expect(rows.map(({ action }) => action.replace('log_alert_rule.', ''))).toEqual([
      ...['created', 'updated', 'updated', 'disabled', 'removed'],
    ])
  })

  it('are refused rules that do not fit, which is named', async () => {
    const base = { name: 'unfit', measure: { kind: 'new_group' as const } }
    const missing = await refusalOf(rules().create.mutate({ ...base, channels: ['webhook'] }))
    expect(missing).toMatchObject({ code: 'logs.alert_webhook_invalid', details: { field: 'webhookUrl' } })
    const superfluous = await refusalOf(rules().create.mutate({ ...base, webhookUrl: `${url}/x` }))
    expect(superfluous).toMatchObject({ code: 'logs.alert_webhook_invalid', details: { field: 'webhookUrl' } })
    const measure = { kind: 'rate' as const, windowMs: 90_000, threshold: 1 }
    expect(fieldsOf(await refusalOf(rules().create.mutate({ ...base, measure })))).toEqual(['measure.windowMs: custom'])
    expect(fieldsOf(await refusalOf(rules().create.mutate({ ...base, channels: ['log', 'log'] })))).toEqual([
      'channels: custom',
    ])
    const many = async () => {
      for (let index = 0; index < 20; index++) await rules().create.mutate({ ...base, name: `many ${index}` })
    }
    expect(await refusalOf(many())).toMatchObject({ code: 'logs.too_many_alert_rules', details: { max: 12 } })
    for (const { id, name } of (await rules().list.query({ limit: 100 })).items)
      if (name.startsWith('many')) await rules().remove.mutate({ id })
    expect(second === null).toBe(backend.name === 'embedded')
  })
})
