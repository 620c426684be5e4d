import { z } from 'zod'
import type { Clock } from '../../../kernel/clock.ts'
import { DomainError } from '../../../kernel/errors.ts'
import type { Gateway, GatewayNotice } from '../../app/gateway-port.ts'
import type { ChargeReport, DepositMethod } from '../../domain/gateway.ts'
import { isSigned, sign, signatureHeader } from './simulator/signing.ts'
import { issuesOf, Notice, Reference, RefusalBody, Report, toJson } from './simulator/wire.ts'
import { issueSimulatorReference, simulatorMethods } from './simulator-methods.ts'

interface SimulatorGatewayOptions {
  readonly url: string
  readonly secret: string
  /** Longest wait for an answer. */
  readonly timeoutMs: number
  /** Time a payer has. */
  readonly ttlMs: number
  readonly clock: Clock
  /** Unpredictable bytes, for references. */
  readonly randomBytes: (size: number) => Uint8Array
}

const name = 'simulator'
const answerMaxBytes = 1024 * 1024
const Issued = z.object({ reference: Reference })
/** Statuses that say "not now", whatever else they say. */
const unavailableStatuses = new Set([408, 425, 429])

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** The payment simulator as a gateway: signed JSON over HTTP. */
export function createSimulatorGateway(options: SimulatorGatewayOptions): Gateway {
  const { url, secret, timeoutMs, ttlMs, clock, randomBytes } = options
  const base = url.replace(/\/+$/, '')
  const methods: DepositMethod[] = simulatorMethods.map((method) => ({ ...method, gateway: name, ttlMs }))

  async function call(path: string, command?: unknown): Promise<Answer> {
    const body = command === undefined ? null : toJson(command)
    const signed = body !== null && {
      'content-type': 'application/json',
      [signatureHeader]: sign(secret, clock.now(), body),
    }
    try {
      const response = await fetch(`${base}${path}`, {
        method: body === null ? 'GET' : 'POST',
        headers: { accept: 'application/json', ...signed },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      })
      return { status: response.status, body: parseJson(await readAnswer(response)) }
    } catch (error) {
      throw unavailable(error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'unreachable')
    }
  }

  const chargePath = (chargeId: string) => `/charges/by-id/${encodeURIComponent(chargeId)}`

  return {
    name,
    methods,
    issueReference: (method) => issueSimulatorReference(method, randomBytes),
    async createCharge({ chargeId, method, reference, amount, expiresAt }) {
      return take(await call('/charges', { chargeId, method, reference, amount, expiresAt }), Issued)
    },
    async findCharge(chargeId) {
      const answer = await call(chargePath(chargeId))
      return isUnknownCharge(answer) ? null : asReport(take(answer, Report))
    },
    async cancelCharge(chargeId) {
      const answer = await call(`${chargePath(chargeId)}/cancel`, { chargeId })
      if (!isUnknownCharge(answer)) take(answer, Report)
    },
    async refundPayment({ refundId, chargeId, transactionId, amount }) {
      take(await call(`${chargePath(chargeId)}/refunds`, { refundId, chargeId, transactionId, amount }), z.unknown())
    },
    readNotice({ body, header, now }) {
      if (!isSigned(secret, header(signatureHeader), body, now))
        throw new DomainError('webhook.signature_invalid', 'unauthenticated', { gateway: name })
      return readNoticeBody(body)
    },
  }
}

/** The wanted body, or the refusal that the answer is. An answer that makes no sense is none. */
function take<T extends z.ZodType>({ status, body }: Answer, schema: T): z.output<T> {
  if (status >= 200 && status < 300) {
    const parsed = schema.safeParse(body)
    if (parsed.success) return parsed.data
    throw unavailable('answer_malformed')
  }
  if (status < 400 || status >= 500 || unavailableStatuses.has(status)) throw unavailable(`status_${status}`)
  const refusal = RefusalBody.safeParse(body)
  const reason = refusal.success ? refusal.data.error.code : `status_${status}`
  throw new DomainError('gateway.refused', 'conflict', { gateway: name, reason })
}

function isUnknownCharge({ status, body }: Answer): boolean {
  const refusal = RefusalBody.safeParse(body)
  return status === 404 && refusal.success && refusal.data.error.code === 'charge.unknown'
}

function unavailable(reason: string): DomainError {
  return new DomainError('gateway.unavailable', 'unavailable', { gateway: name, reason })
}

function readNoticeBody(body: Uint8Array): GatewayNotice {
  const json = parseJson(decodeUtf8(body))
  if (json === undefined) throw new DomainError('request.malformed', 'invalid', { rule: 'must be JSON in UTF-8' })
  const parsed = Notice.safeParse(json)
  if (parsed.success) return { eventId: parsed.data.eventId, report: asReport(parsed.data) }
  const problems = issuesOf(parsed.error).map(({ field, rule }) => `${field}: ${rule}`)
  throw new DomainError('request.malformed', 'invalid', { problems: problems.slice(0, 10) })
}

function asReport({ chargeId, status, payments, takebacks }: z.output<typeof Report>): ChargeReport {
  return { chargeId, status, payments, takebacks }
}

/** Throws when the answer is larger than any that the provider has reason to give. */
async function readAnswer(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > answerMaxBytes) throw new Error('the answer is too large')
    chunks.push(chunk)
  }
  return decodeUtf8(Buffer.concat(chunks))
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Undefined for what is not JSON. */
function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
