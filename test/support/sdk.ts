import { randomUUID } from 'node:crypto'
import { vi } from 'vitest'
import { createClient, isXmError, type XmClient, type XmError } from '../../client-sdk/src/index.ts'

/** A client of that server, without repetitions: what a test sees is what one call came to. */
export const clientOf = (url: string) => createClient({ url, retriesMax: 0, timeoutMs: 30_000 })

export interface SignedUp {
  readonly client: XmClient
  readonly id: string
  readonly handle: string
}

let people = 0

/** Registers somebody new and signs in. */
export async function signUp(url: string): Promise<SignedUp> {
  const client = clientOf(url)
  const handle = `person_${++people}_${randomUUID().slice(0, 8)}`
  const { user } = await client.auth.register.mutate({
    email: `${handle}@example.com`,
    handle,
    password: 'a phrase for tests',
  })
  return { client, id: user.id, handle }
}

export async function signInAdmin(url: string): Promise<XmClient> {
  const client = clientOf(url)
  await client.auth.login.mutate({ login: 'admin@example.com', password: 'admin password of the tests' })
  return client
}

/** The refusal that a call ends with; throws when it succeeds. */
export async function refusalOf(call: Promise<unknown>): Promise<XmError> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => error,
  )
  if (isXmError(outcome)) return outcome
  throw outcome instanceof Error ? outcome : new Error(`nothing was refused: ${JSON.stringify(outcome)}`)
}

/** `request.field` by the rule it broke, as an `input.invalid` names them. */
export function fieldsOf({ details }: XmError): string[] {
  const issues = (details.issues ?? []) as { field: string; rule: string }[]
  return issues.map(({ field, rule }) => `${field}: ${rule}`)
}

export const newKey = () => randomUUID()
export const idr = (minor: number | bigint) => ({ minor: String(minor), currency: 'IDR' as const })

/** A deposit that is paid and settled, through the simulator. */
export async function topUp({ client }: SignedUp, simulatorUrl: string, minor: number) {
  const deposit = await client.deposits.create.mutate({
    amount: idr(minor),
    method: 'bank_transfer',
    idempotencyKey: newKey(),
  })
  await payAt(simulatorUrl, deposit.payment!.reference)
  await vi.waitFor(
    async () => {
      const { status } = await client.deposits.get.query({ id: deposit.id })
      if (status !== 'settled') throw new Error(`the deposit is ${status}`)
    },
    { timeout: 10_000, interval: 50 },
  )
  return deposit
}

export async function payAt(simulatorUrl: string, reference: string, body: object = {}): Promise<void> {
  await tell(`${simulatorUrl}/charges/${encodeURIComponent(reference)}/pay`, 'POST', body)
}

export const behave = (simulatorUrl: string, patch: object) => tell(`${simulatorUrl}/behaviour`, 'PATCH', patch)

async function tell(url: string, method: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`the simulator answered ${response.status}: ${await response.text()}`)
}
