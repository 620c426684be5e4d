import { z } from 'zod'
import { minorMax } from '../../../../kernel/money.ts'
import type { ChargeStatus } from '../../../domain/gateway.ts'

/** What the simulator and our gateway tell each other. Each side parses what it gets with these schemas. */
export const Minor = z
  .string()
  .regex(/^(0|[1-9]\d{0,18})$/, 'must be a whole number of minor units in decimal digits')
  .transform(BigInt)
  .refine((minor) => minor <= minorMax, 'must fit 64 bits')
export const PositiveMinor = Minor.refine((minor) => minor > 0n, 'must be more than zero')

/** As long as its column, of characters that compare alike everywhere: some databases drop spaces at the end of a key. */
function printable(max: number) {
  return z
    .string()
    .regex(new RegExp(`^[\\x21-\\x7e]{1,${max}}$`), `must be 1 to ${max} printable ASCII characters without spaces`)
}

/** Any currency: a payer may send one that we do not know. Its code becomes a part of account names. */
export const CurrencyCode = z.string().regex(/^[A-Za-z0-9.-]{1,10}$/, 'must be 1 to 10 letters, digits, dots or dashes')
export const Identifier = printable(100)
/** Text that payers read, and that a database gives back as it was. */
export const Reference = z
  .string()
  .regex(
    /^(?! )[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,200}(?<! )$/u,
    'must be 1 to 200 characters of well-formed text in one line, without spaces around it',
  )
export const Instant = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2026-01-31T12:00:00Z' })
  .transform((text) => new Date(text))

const statuses = ['open', 'processing', 'paid', 'denied', 'expired', 'canceled'] as const satisfies ChargeStatus[]
export const Status = z.enum(statuses)

export const Payment = z.object({
  transactionId: Identifier,
  minor: Minor,
  currency: CurrencyCode,
  paidAt: Instant.nullable(),
})

export const Takeback = z.object({
  transactionId: Identifier,
  kind: z.enum(['refund', 'reversal']),
  minor: Minor,
  currency: CurrencyCode,
})

/** The answer about a charge, as far as the gateway cares. */
export const Report = z.object({
  chargeId: Identifier,
  status: Status,
  payments: z.array(Payment),
  takebacks: z.array(Takeback),
})

/** A webhook's body; a notice of a payment carries that payment only. */
export const Notice = Report.extend({ eventId: Identifier, reference: Reference, sentAt: Instant })

export const NewChargeBody = z.strictObject({
  chargeId: Identifier,
  method: printable(40),
  reference: Reference,
  amount: z.strictObject({ minor: PositiveMinor, currency: CurrencyCode }),
  expiresAt: Instant,
})

/** Names the charge once more: the signature covers the body and not the path. */
export const CancelBody = z.strictObject({ chargeId: Identifier })

export const RefundBody = z.strictObject({
  refundId: Identifier,
  chargeId: Identifier,
  transactionId: Identifier,
  amount: z.strictObject({ minor: PositiveMinor, currency: CurrencyCode }),
})

/** The body of every refusal of the simulator. */
export const RefusalBody = z.object({ error: z.object({ code: Identifier, message: z.string() }) })

/** JSON with bigints as decimal strings. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === 'bigint' ? member.toString() : member))
}

/** Each problem as the field it is in and the rule it breaks; the field is empty for the body as a whole. */
export function issuesOf(error: z.ZodError): { field: string; rule: string }[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [{ field: issue.path.join('.'), rule: issue.message }]
    return issue.keys.map((key) => ({ field: [...issue.path, key].join('.'), rule: 'is not a known field' }))
  })
}
