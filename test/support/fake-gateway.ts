import { DomainError } from '../../src/kernel/errors.ts'
import type { Gateway } from '../../src/payments/app/gateway-port.ts'
import type {
  ChargeReport,
  ChargeStatus,
  DepositMethod,
  NewCharge,
  ProviderPayment,
  ProviderTakeback,
} from '../../src/payments/domain/gateway.ts'

/** A charge as the provider keeps it. */
export interface FakeCharge {
  readonly asked: NewCharge
  status: ChargeStatus
  readonly payments: ProviderPayment[]
  readonly takebacks: ProviderTakeback[]
}

/** `lost`: the request is carried out and its answer is not heard; `refuse`: the provider says no. */
export type GatewayMood = 'well' | 'away' | 'lost' | 'refuse'

export interface FakeGateway extends Gateway {
  mood: GatewayMood
  readonly charges: ReadonlyMap<string, FakeCharge>
  /** Refund ids that were asked for, each once. */
  readonly refunds: ReadonlyMap<string, ProviderTakeback>
  /** What happens at the provider; nobody is told of it by this. */
  pay(chargeId: string, payment: ProviderPayment): void
  takeBack(chargeId: string, takeback: ProviderTakeback): void
  mark(chargeId: string, status: ChargeStatus): void
}

interface FakeGatewayOptions {
  readonly name?: string
  readonly ttlMs?: number
  /** References that run out are made up anew. */
  readonly references?: readonly string[]
}

const unavailable = () => new DomainError('gateway.unavailable', 'unavailable', { gateway: 'fake' })
const refused = () => new DomainError('gateway.refused', 'conflict', { gateway: 'fake' })

/** The gateway port's test twin: a provider in memory whose mood and charges a test decides. */
export function createFakeGateway({
  name = 'fake',
  ttlMs = 60_000,
  references = [],
}: FakeGatewayOptions = {}): FakeGateway {
  const charges = new Map<string, FakeCharge>()
  const refunds = new Map<string, ProviderTakeback>()
  let made = 0

  /** Carries out `work` in every mood that lets a request arrive. */
  function answer<T>(work: () => T): T {
    if (gateway.mood === 'away') throw unavailable()
    if (gateway.mood === 'refuse') throw refused()
    const result = work()
    if (gateway.mood === 'lost') throw unavailable()
    return result
  }

  function chargeOf(chargeId: string): FakeCharge {
    const charge = charges.get(chargeId)
    if (charge === undefined) throw new Error(`the provider knows no charge ${chargeId}`)
    return charge
  }

  const gateway: FakeGateway = {
    name,
    methods: methodsOf(name, ttlMs),
    mood: 'well',
    charges,
    refunds,
    issueReference: () => references[made++] ?? `${name}-${made}`,
    async createCharge(asked) {
      return answer(() => {
        if (!charges.has(asked.chargeId))
          charges.set(asked.chargeId, { asked, status: 'open', payments: [], takebacks: [] })
        return { reference: asked.reference }
      })
    },
    async findCharge(chargeId) {
      if (gateway.mood !== 'well') throw unavailable()
      const charge = charges.get(chargeId)
      return charge === undefined ? null : reportOf(chargeId, charge)
    },
    async cancelCharge(chargeId) {
      answer(() => {
        const charge = charges.get(chargeId)
        if (charge?.status === 'open') charge.status = 'canceled'
      })
    },
    async refundPayment({ refundId, chargeId, amount }) {
      answer(() => {
        if (refunds.has(refundId)) return
        const takeback = { transactionId: refundId, kind: 'refund' as const, ...amount }
        refunds.set(refundId, takeback)
        charges.get(chargeId)?.takebacks.push(takeback)
      })
    },
    readNotice({ body }) {
      const { eventId, report } = JSON.parse(Buffer.from(body).toString('utf8'), revive)
      return { eventId, report }
    },
    pay: (chargeId, payment) => void chargeOf(chargeId).payments.push(payment),
    takeBack: (chargeId, takeback) => void chargeOf(chargeId).takebacks.push(takeback),
    mark(chargeId, status) {
      chargeOf(chargeId).status = status
    },
  }
  return gateway
}

function reportOf(chargeId: string, { status, payments, takebacks }: FakeCharge): ChargeReport {
  return { chargeId, status, payments: [...payments], takebacks: [...takebacks] }
}

function methodsOf(gateway: string, ttlMs: number): DepositMethod[] {
  const common = { gateway, ttlMs, minMinor: 10n, maxMinor: 1_000_000n }
  return [
    { ...common, method: 'bank', kind: 'virtual_account', label: 'Bank', currency: 'IDR' },
    { ...common, method: 'coin', kind: 'crypto_address', label: 'Coin', currency: 'USDT' },
  ]
}

/** The body of a webhook that this gateway reads. */
export function noticeBody(eventId: string, report: ChargeReport): Uint8Array {
  const text = JSON.stringify({ eventId, report }, (_name, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  )
  return Buffer.from(text, 'utf8')
}

function revive(name: string, value: unknown): unknown {
  if (name === 'minor' && typeof value === 'string') return BigInt(value.slice(0, -1))
  return name === 'paidAt' && typeof value === 'string' ? new Date(value) : value
}
