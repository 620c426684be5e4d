import { setTimeout as pause } from 'node:timers/promises'
import { io as connect } from 'socket.io-client'
import { describe, expect, inject, it, vi } from 'vitest'
import type { App } from '../../src/main/app.ts'
import { backends } from '../support/backends.ts'
import { openProduct } from '../support/product.ts'
import { clientOf, idr, newKey, refusalOf, type SignedUp, signInAdmin, signUp } from '../support/sdk.ts'

const [embedded, servers] = backends

const createDeposit = async ({ client }: Pick<SignedUp, 'client'>) =>
  (await client.deposits.create.mutate({ amount: idr(50_000), method: 'qr', idempotencyKey: newKey() })).id

/** A socket that comes back as fast as it can, with the token it has, until the server refuses it. */
function insistentSocket(url: string, token: string) {
  const story: string[] = []
  const socket = connect(url, { auth: { token }, transports: ['websocket'], forceNew: true, reconnection: false })
  socket.on('connect', () => story.push('in'))
  socket.on('session:ended', () => story.push('ended'))
  socket.on('disconnect', () => socket.connect())
  socket.on('connect_error', (error) => story.push((error as Error & { data?: { code: string } }).data?.code ?? ''))
  return { story, socket, [Symbol.dispose]: () => void socket.off().close() }
}

async function told(check: () => unknown, timeoutMs = 5_000): Promise<void> {
  await vi.waitFor(() => expect(check()).toBeTruthy(), { timeout: timeoutMs, interval: 5 })
}

describe('watches over sockets', () => {
  it('that are too many are refused one by one, and the others go on', async () => {
    await using product = await openProduct(embedded!, { SOCKET_WATCHES_MAX: '3' })
    const { url } = product.app
    const [ann, bob] = [await signUp(url), await signUp(url)]
    const ids = [await createDeposit(ann), await createDeposit(ann), await createDeposit(ann), await createDeposit(ann)]
    const foreign = await createDeposit(bob)
    const { accessToken: token } = (await ann.client.session.current())!
    const socket = connect(url, { auth: { token }, transports: ['websocket'], forceNew: true })
    const resume = (depositIds: string[]) => socket.timeout(5_000).emitWithAck('resume', { depositIds })
    try {
      const { value } = await resume([ids[3]!, foreign, ...ids])
      expect(value.deposits.map(({ id }: { id: string }) => id).sort()).toEqual([ids[0], ids[1], ids[3]].sort())
      const message = expect.any(String)
      expect(value.refused).toEqual([
        { depositId: foreign, code: 'deposit.not_found', message, details: { id: foreign } },
        { depositId: ids[2], code: 'socket.too_many_watches', message, details: { max: 3 } },
      ])
      expect(await resume(Array(101).fill(ids[0]))).toMatchObject({ error: { code: 'input.invalid' } })
    } finally {
      socket.close()
    }

    const versions = ids.map(() => [] as number[])
    const errors: string[] = []
    const watches = ids.map((id, n) =>
      ann.client.realtime.watchDeposit(id, {
        onChange: ({ version }) => versions[n]!.push(version),
        onError: ({ code }) => errors.push(`${n} ${code}`),
      }),
    )
    await told(() => versions.filter(({ length }) => length > 0).length === 3 && errors.length === 1)
    ann.client.realtime.close()
    await ann.client.deposits.cancel.mutate({ id: ids[0]! })
    ann.client.realtime.connect()
    await told(() => versions[0]!.length === 2)
    watches[0]!.stop()
    await told(() => versions[3]!.length > 0)
    expect(errors).toEqual(['3 socket.too_many_watches'])
    ann.client.close()
  })
})

describe('limits of calls', () => {
  it('hold for sockets and HTTP together', async () => {
    await using product = await openProduct(embedded!, { REQUESTS_PER_MINUTE_PER_ACTOR: '12' })
    const ann = await signUp(product.app.url)
    const ids = [await createDeposit(ann), await createDeposit(ann)]
    const { accessToken: token } = (await ann.client.session.current())!
    const socket = connect(product.app.url, { auth: { token }, transports: ['websocket'], forceNew: true })
    const ask = (event: string, input: object) => socket.timeout(5_000).emitWithAck(event, input)
    try {
      for (let round = 0; round < 4; round++)
        expect(await ask('resume', { depositIds: ids })).toMatchObject({ ok: true })
      await ann.client.auth.me.query()
      expect(await ask('deposit:watch', { depositId: ids[0] })).toMatchObject({ ok: true })
      expect(await ask('deposit:watch', { depositId: ids[0] })).toMatchObject({ error: { code: 'rate.limited' } })
      expect(await refusalOf(ann.client.auth.me.query())).toMatchObject({ code: 'rate.limited' })
    } finally {
      socket.close()
    }
  })

  it('count the opening of a socket by its network, with the calls', async () => {
    await using product = await openProduct(embedded!, { REQUESTS_PER_MINUTE_PER_ADDRESS: '3' })
    const ann = await signUp(product.app.url)
    const { accessToken: token } = (await ann.client.session.current())!
    using first = insistentSocket(product.app.url, token)
    using second = insistentSocket(product.app.url, token)
    await told(() => first.story.length + second.story.length === 2)
    using third = insistentSocket(product.app.url, token)
    await told(() => third.story.length === 1)
    expect([first.story, second.story, third.story]).toEqual([['in'], ['in'], ['']])
    expect(await refusalOf(ann.client.auth.me.query())).toMatchObject({ code: 'rate.limited' })
  })
})

it('staff who have to enrol a second factor hear nothing over sockets either', async () => {
  await using product = await openProduct(embedded!, { STAFF_TOTP: 'required' })
  const client = await signInAdmin(product.app.url)
  expect(await refusalOf(client.wallet.balances.query())).toMatchObject({ code: 'auth.totp_enrolment_required' })
  const errors: object[] = []
  const statuses: string[] = []
  client.realtime.onStatus((status) => statuses.push(status))
  using _ = client.realtime.watchDeposit('0190a0b1-0000-7000-8000-000000000001', {
    onError: ({ code, kind }) => errors.push({ code, kind }),
  })
  await told(() => errors.length === 1)
  await pause(1_000)
  expect(errors).toEqual([{ code: 'auth.totp_enrolment_required', kind: 'forbidden' }])
  expect(statuses).toEqual(['connecting', 'reconnecting', 'closed'])
})

describe.runIf(inject('mysqlUrl') && inject('redisUrl'))('a session that ends on one node', () => {
  /** Signs in on the first node, and ends the session there just after the other one looked at it. */
  async function story(
    play: (nodes: { near: App; far: App; token: string; end: () => Promise<void> }) => Promise<void>,
  ) {
    await using product = await openProduct(servers!)
    const far = await product.openNode()
    const { client } = await signUp(product.app.url)
    const { accessToken: token } = (await client.session.current())!
    const there = clientOf(far.url)
    await there.session.resume((await client.session.current())!)
    const end = async () => {
      await there.auth.me.query()
      await client.auth.logout.mutate()
    }
    await play({ near: product.app, far, token, end })
  }

  it('ends its sockets on the other within a second, and they do not get in again', async () => {
    await story(async ({ far, token, end }) => {
      using socket = insistentSocket(far.url, token)
      await told(() => socket.story.length === 1)
      await end()
      await told(() => socket.story.at(-1) === 'auth.token_invalid', 1_000)
      await pause(300)
      expect(socket.story.at(-1)).toBe('auth.token_invalid')
      expect(socket.socket.connected).toBe(false)
    })
  })

  it('ends a socket that the other lets in before it knows', async () => {
    await story(async ({ far, token, end }) => {
      await end()
      const endedAtMs = performance.now()
      // Whatever the node was told to end, it has ended; but it has not forgotten that the session lived.
      await pause(250)
      using socket = insistentSocket(far.url, token)
      await told(() => socket.story.at(-1) === 'auth.token_invalid', 1_000 - (performance.now() - endedAtMs))
    })
  })
})
