import { randomUUID } from 'node:crypto'
import pMap from 'p-map'
import { createClient, type DepositView, newIdempotencyKey, type XmClient } from '#client'
import { sign, signatureHeader } from '../../src/payments/adapters/provider/simulator/signing.ts'
import { roomyEnv } from './product.ts'
import { trueNowMs } from './site.ts'

type ClientSettings = Partial<Omit<Parameters<typeof createClient>[0], 'url'>>

/** A client that is closed with the test. */
export type TestClient = XmClient & Disposable

export function openClient(url: string, settings: ClientSettings = {}): TestClient {
  const client = createClient({ url, reconnectMaxMs: 500, ...settings })
  return Object.assign(client, { [Symbol.dispose]: () => client.close() }) as TestClient
}

let people = 0

/** Registers somebody new over the API; the client is signed in. */
export async function signUp(url: string, settings: ClientSettings = {}): Promise<TestClient> {
  const client = openClient(url, settings)
  const handle = `payer${process.pid}x${people++}`
  await client.auth.register.mutate({ email: `${handle}@example.com`, handle, password: 'a phrase for tests' })
  return client
}

/** The same person at another node. */
export async function alsoAt(url: string, client: XmClient, settings: ClientSettings = {}): Promise<TestClient> {
  const tokens = await client.session.current()
  if (tokens === null) throw new Error('the client is not signed in')
  const other = openClient(url, settings)
  await other.session.resume(tokens)
  return other
}

export const price = '10000'

export function openDeposit(client: XmClient, minor = price): Promise<DepositView> {
  const amount = { minor, currency: 'IDR' as const }
  return client.deposits.create.mutate({ amount, method: 'qr', idempotencyKey: newIdempotencyKey() })
}

export function openDeposits(client: XmClient, count: number, concurrency = 10): Promise<DepositView[]> {
  return pMap(Array.from({ length: count }), () => openDeposit(client), { concurrency })
}

export async function balanceOf(client: XmClient, currency = 'IDR'): Promise<string> {
  const { balances } = await client.wallet.balances.query()
  return balances.find((balance) => balance.currency === currency)?.posted ?? '0'
}

interface Payment {
  amountMinor?: string
  currency?: string
  paidAt?: string
  deliver?: 'once' | 'twice' | 'never' | 'late' | 'forged'
  delayMs?: number
}

export interface PaidCharge {
  readonly payments: readonly { transactionId: string; minor: string; currency: string; paidAt: string }[]
}

/** Does to the deposit's charge what a payer or the provider does. Resolves to the charge as it then stands. */
export async function atSimulator(
  url: string,
  { payment }: DepositView,
  action: 'pay' | 'deny' | 'expire' | 'processing' | 'refund' | 'reverse',
  body: Payment = {},
): Promise<PaidCharge> {
  const answer = await fetch(`${url}/charges/${encodeURIComponent(payment?.reference ?? '')}/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`the simulator answered ${answer.status}: ${await answer.text()}`)
  return ((await answer.json()) as { charge: PaidCharge }).charge
}

export interface SignedNotice {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

interface NoticeOf {
  readonly paidAt: Date
  readonly minor?: string
  readonly transactionId?: string | undefined
  readonly eventId?: string
  readonly secret?: string
  readonly signedAt?: Date
}

/** A payment notice as the simulator sends it. */
export function noticeOf({ id, payment, amount }: DepositView, told: NoticeOf): SignedNotice {
  const { transactionId = randomUUID(), eventId = randomUUID(), minor = amount.minor, paidAt } = told
  const body = JSON.stringify({
    eventId,
    chargeId: id,
    reference: payment?.reference,
    status: 'paid',
    payments: [{ transactionId, minor, currency: amount.currency, paidAt }],
    takebacks: [],
    sentAt: paidAt,
  })
  const signature = sign(told.secret ?? roomyEnv.SIMULATOR_SECRET, told.signedAt ?? new Date(trueNowMs()), body)
  return { body, headers: { 'content-type': 'application/json', [signatureHeader]: signature } }
}

export function deliver(url: string, { body, headers }: SignedNotice, provider = 'simulator'): Promise<Response> {
  return fetch(`${url}/webhooks/${provider}`, { method: 'POST', headers, body })
}

/** The deposit's story as its owner reads it: who, what, and the status after it. */
export async function storyOf(client: XmClient, { id }: Pick<DepositView, 'id'>): Promise<string[]> {
  const { entries } = await client.deposits.timeline.query({ id })
  return entries.map(({ actor, type, status }) => `${actor} ${type} ${status}`)
}
