import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { XmClient } from '../../client-sdk/src/index.ts'
import { backends } from '../support/backends.ts'
import { openProduct, type Product } from '../support/product.ts'
import { recordLog } from '../support/recorded-log.ts'
import { clientOf, fieldsOf, idr, newKey, refusalOf, type SignedUp, signUp, topUp } from '../support/sdk.ts'

const password = 'a phrase for tests'
const oddities = [
  ['a NUL', '\0'],
  ['an escape', '\u001b'],
  ['a line break', '\n'],
  ['a C1 control', '\u0085'],
  ['half a surrogate pair', '\ud800'],
] as const

describe.each(backends)('$name', (backend) => {
  let product: Product
  let stranger: XmClient
  let alice: SignedUp
  let bob: SignedUp
  const recorded = recordLog()

  beforeAll(async () => {
    product = await openProduct(backend, {}, { log: recorded.log })
    stranger = clientOf(product.app.url)
    alice = await signUp(product.app.url)
    bob = await signUp(product.app.url)
    await topUp(alice, product.simulatorUrl, 100_000)
  })
  afterAll(async () => {
    await product[Symbol.asyncDispose]()
  })

  /** Every field of text that a client fills, with the oddity in its middle. */
  const calls: readonly (readonly [field: string, call: (odd: string) => Promise<unknown>])[] = [
    ['email', (odd) => register({ email: `a${odd}b@example.com` })],
    ['handle', (odd) => register({ handle: `odd${odd}one` })],
    ['displayName', (odd) => register({ displayName: `odd${odd}one` })],
    ['password', (odd) => register({ password: `a long${odd}password` })],
    ['login', (odd) => stranger.auth.login.mutate({ login: `odd${odd}one`, password })],
    ['password', (odd) => stranger.auth.login.mutate({ login: 'nobody', password: `odd${odd}one` })],
    ['challenge', (odd) => stranger.auth.completeTotp.mutate({ challenge: `odd${odd}one`, code: '123456' })],
    ['code', (odd) => stranger.auth.completeTotp.mutate({ challenge: 'c', code: `123${odd}456` })],
    ['token', (odd) => stranger.auth.resetPassword.mutate({ token: `odd${odd}one`, newPassword: password })],
    ['refreshToken', (odd) => stranger.auth.refresh.mutate({ refreshToken: `odd${odd}one` })],
    ['sessionId', (odd) => alice.client.auth.revokeSession.mutate({ sessionId: `odd${odd}one` })],
    ['to', (odd) => transfer({ to: `odd${odd}one` })],
    ['note', (odd) => transfer({ note: `odd${odd}one` })],
    ['idempotencyKey', (odd) => transfer({ idempotencyKey: `oddly${odd}shaped` })],
    ['method', (odd) => deposit({ method: `odd${odd}one` })],
    ['idempotencyKey', (odd) => deposit({ idempotencyKey: `oddly${odd}shaped` })],
    ['id', (odd) => alice.client.deposits.get.query({ id: `odd${odd}one` })],
    ['cursor', (odd) => alice.client.deposits.list.query({ cursor: `odd${odd}one` })],
  ]

  function register(change: object) {
    const name = `odd_${newKey().slice(0, 8)}`
    return stranger.auth.register.mutate({ email: `${name}@example.com`, handle: name, password, ...change })
  }
  function transfer(change: object) {
    return alice.client.wallet.transfer.mutate({ to: bob.handle, amount: idr(10), idempotencyKey: newKey(), ...change })
  }
  function deposit(change: object) {
    const input = { amount: idr(50_000), method: 'bank_transfer', idempotencyKey: newKey(), ...change }
    return alice.client.deposits.create.mutate(input)
  }

  it.each(oddities)('%s is refused in every text, by field and rule, and stays out of the log', async (_name, odd) => {
    for (const [field, call] of calls) {
      const refusal = await refusalOf(call(odd))
      expect(refusal, field).toMatchObject({ code: 'input.invalid', status: 400 })
      expect(fieldsOf(refusal), field).toEqual([`${field}: invalid_format`])
    }
    expect(recorded.lines().filter((line) => Number(line.level) >= 50)).toEqual([])
    expect(JSON.stringify(recorded.lines())).not.toMatch(/odd(one|ly)/)
  })

  it('whole pairs are kept, and the same key gets the first answer', async () => {
    const again = { note: 'for you 👩‍👩‍👧 — 日本語', idempotencyKey: newKey() }
    const first = await transfer(again)
    expect(first).toMatchObject({ note: again.note })
    expect(await transfer(again)).toEqual(first)
  })
})
