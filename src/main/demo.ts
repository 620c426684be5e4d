import { setTimeout as pause } from 'node:timers/promises'
import type { Actor } from '../kernel/actor.ts'
import { DomainError } from '../kernel/errors.ts'
import type { App } from './app.ts'

/** Everybody of the demo signs in with this. */
export const demoPassword = 'a demo of XM'

const people = [
  { handle: 'sari', displayName: 'Sari Wijaya' },
  { handle: 'budi', displayName: 'Budi Santoso' },
  { handle: 'maya', displayName: 'Maya Putri' },
  { handle: 'tomas', displayName: 'Tomas Berg' },
  { handle: 'aisha', displayName: 'Aisha Rahman' },
] as const

type Handle = (typeof people)[number]['handle']

interface DemoDeposit {
  readonly owner: Handle
  readonly method: string
  readonly minor: string
  readonly currency: 'IDR' | 'USD' | 'USDT'
  /** What the payer sends, minor units, one payment each. */
  readonly pays: readonly string[]
  readonly afterwards?: 'cancel' | 'deny' | 'processing' | 'refund' | 'reverse'
  /** How much the provider gives back; all of it when absent. */
  readonly refundMinor?: string
}

const deposits: readonly DemoDeposit[] = [
  { owner: 'sari', method: 'bank_transfer', minor: '2500000', currency: 'IDR', pays: ['2500000'] },
  { owner: 'sari', method: 'qr', minor: '150000', currency: 'IDR', pays: ['175000'] },
  { owner: 'budi', method: 'bank_transfer', minor: '1000000', currency: 'IDR', pays: ['400000', '600000'] },
  { owner: 'budi', method: 'qr', minor: '50000', currency: 'IDR', pays: ['20000'] },
  { owner: 'maya', method: 'usdt', minor: '125000000', currency: 'USDT', pays: ['125000000'] },
  { owner: 'maya', method: 'bank_transfer', minor: '300000', currency: 'IDR', pays: [], afterwards: 'cancel' },
  { owner: 'tomas', method: 'bank_transfer_usd', minor: '24900', currency: 'USD', pays: ['24900'] },
  {
    owner: 'tomas',
    method: 'bank_transfer_usd',
    minor: '9900',
    currency: 'USD',
    pays: ['9900'],
    afterwards: 'reverse',
  },
  { owner: 'aisha', method: 'qr', minor: '750000', currency: 'IDR', pays: ['750000'] },
  { owner: 'aisha', method: 'bank_transfer', minor: '500000', currency: 'IDR', pays: [] },
  { owner: 'aisha', method: 'qr', minor: '200000', currency: 'IDR', pays: ['200000'], afterwards: 'refund' },
  {
    owner: 'budi',
    method: 'bank_transfer',
    minor: '900000',
    currency: 'IDR',
    pays: ['900000'],
    afterwards: 'refund',
    refundMinor: '250000',
  },
  { owner: 'sari', method: 'bank_transfer', minor: '3000000', currency: 'IDR', pays: [], afterwards: 'processing' },
  { owner: 'tomas', method: 'bank_transfer_usd', minor: '5000', currency: 'USD', pays: [], afterwards: 'deny' },
]

const transfers = [
  { from: 'sari', to: 'budi', minor: '250000', currency: 'IDR', note: 'Dinner on Friday' },
  { from: 'budi', to: 'maya', minor: '120000', currency: 'IDR', note: 'Concert ticket' },
  { from: 'maya', to: 'sari', minor: '5000000', currency: 'USDT', note: 'For the photos' },
  { from: 'tomas', to: 'aisha', minor: '1500', currency: 'USD', note: 'Coffee and cake' },
  { from: 'aisha', to: 'budi', minor: '80000', currency: 'IDR', note: null },
] as const

const client = { address: '127.0.0.1', userAgent: 'demo' }

/**
 * Fills the product with people, deposits in every state but expired, and transfers, by the same calls and payments that users make.
 * Running it again adds nothing: every step carries a key. Needs the payment simulator.
 */
export async function fillWithDemo({ router, simulatorUrl, log }: App): Promise<void> {
  if (router === null || simulatorUrl === null)
    throw new Error('--demo needs a process that answers calls, and the payment simulator')
  const callAs = (actor: Actor | null) =>
    router.createCaller({ actor, tokenGiven: actor !== null, client, requestId: 'demo' })
  const actors = new Map<Handle, Actor>()
  for (const { handle, displayName } of people) actors.set(handle, await join(handle, displayName))
  const as = (handle: Handle) => callAs(actors.get(handle) ?? null)

  for (const [index, { owner, method, minor, currency, pays, afterwards, refundMinor }] of deposits.entries()) {
    const made = await as(owner).deposits.create({
      amount: { minor, currency },
      method,
      idempotencyKey: `demo-deposit-${index}`,
    })
    if (made.status !== 'pending' || made.payment === null) continue
    const charge = `${simulatorUrl}/charges/${encodeURIComponent(made.payment.reference)}`
    for (const amountMinor of pays) await post(`${charge}/pay`, { amountMinor })
    if (pays.length > 0) await untilReceived(() => as(owner).deposits.get({ id: made.id }), sum(pays))
    if (afterwards === 'cancel') await as(owner).deposits.cancel({ id: made.id })
    else if (afterwards !== undefined)
      await post(`${charge}/${afterwards}`, refundMinor === undefined ? {} : { amountMinor: refundMinor })
  }
  for (const [index, { from, to, minor, currency, note }] of transfers.entries())
    await as(from).wallet.transfer({
      to,
      amount: { minor, currency },
      note: note ?? undefined,
      idempotencyKey: `demo-transfer-${index}`,
    })
  log.info({ people: people.map(({ handle }) => handle) }, 'the demo is filled')

  async function join(handle: Handle, displayName: string): Promise<Actor> {
    const open = callAs(null)
    const { user } = await open.auth
      .register({ email: `${handle}@example.com`, handle, password: demoPassword, displayName })
      .catch(async (error: unknown) => {
        if (!isTaken(error)) throw error
        const known = await open.auth.login({ login: handle, password: demoPassword })
        if ('totpRequired' in known) throw new Error(`${handle} has a second factor and cannot join the demo`)
        return known
      })
    return { userId: user.id, sessionId: user.id, roles: ['user'], totp: false }
  }
}

function isTaken(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof DomainError && (cause.code === 'auth.email_taken' || cause.code === 'auth.handle_taken')
}

const sum = (digits: readonly string[]) => digits.reduce((total, minor) => total + BigInt(minor), 0n)

async function post(url: string, body: unknown): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`the payment simulator answered ${response.status} to ${url}`)
}

const looksMax = 100
const lookPauseMs = 100

async function untilReceived(look: () => Promise<{ received: { minor: string } }>, expected: bigint): Promise<void> {
  for (let looks = 0; looks < looksMax; looks++) {
    const { received } = await look()
    if (BigInt(received.minor) >= expected) return
    await pause(lookPauseMs)
  }
  throw new Error('a payment of the demo did not arrive')
}
