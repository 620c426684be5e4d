import { z } from 'zod'
import { Currency, Id, IdempotencyKey, Minor, Money, PageInput, PositiveMoney, pageOf, Timestamp } from './common.ts'
import { exactLine } from './text.ts'

export const DepositStatus = z
  .enum([
    'created',
    'pending',
    'partially_paid',
    'processing',
    'settled',
    'expired',
    'failed',
    'canceled',
    'partially_refunded',
    'refunded',
    'reversed',
  ])
  .describe('Where the deposit stands')

export const DepositException = z
  .enum(['none', 'paid_partial', 'paid_over', 'paid_late', 'marked'])
  .describe('What was out of the ordinary about the payment')

export const PaymentKind = z.enum(['virtual_account', 'qr', 'crypto_address']).describe('How the payer pays')

export const PaymentInstruction = z
  .object({
    kind: PaymentKind,
    reference: z.string().describe('Account number, QR text or address to pay to'),
    label: z.string().describe('Name of the bank, wallet or network, for people'),
  })
  .describe('What the payer needs')

export const DepositView = z
  .object({
    id: Id,
    status: DepositStatus,
    exception: DepositException,
    version: z.number().int().describe('Grows with every change; a lower one is older news'),
    amount: Money.describe('What is asked for'),
    received: Money.describe('All that arrived in this currency, whatever became of it'),
    method: z.string().describe('Deposit method'),
    payment: PaymentInstruction.nullable().describe('Null until the gateway has confirmed the charge'),
    createdAt: Timestamp,
    expiresAt: Timestamp.describe('Payment must be made before this'),
    settledAt: Timestamp.nullable().describe('When it was credited; null before'),
    serverTime: Timestamp.describe("The server's clock at this answer"),
  })
  .describe('A deposit')

export const DepositMethodView = z
  .object({
    method: z.string().describe('Hand this to deposits.create'),
    kind: PaymentKind,
    label: z.string().describe('Name for people'),
    currency: Currency,
    minMinor: Minor.describe('Smallest amount'),
    maxMinor: Minor.describe('Largest amount'),
    ttlMs: z.number().int().describe('Milliseconds the payer has'),
  })
  .describe('A way to top up')

export const DepositMethodsOutput = z.object({ methods: z.array(DepositMethodView).describe('All open methods') })

export const CreateDepositInput = z.object({
  amount: PositiveMoney,
  method: exactLine({ min: 1, max: 40 }).describe('One of deposits.methods'),
  idempotencyKey: IdempotencyKey,
})

export const DepositIdInput = z.object({ id: Id.describe('The deposit') })
export const DepositListInput = PageInput.extend({
  status: DepositStatus.optional().describe('Only this status'),
}).prefault({})
export const DepositListOutput = pageOf(DepositView)

export const TimelineEntry = z
  .object({
    at: Timestamp.describe("When it happened, by the server's clock"),
    type: z.string().describe('What happened, e.g. deposit.settled or payment.received'),
    actor: z.string().describe('Who did it: user, system, a provider, or staff'),
    status: DepositStatus.nullable().describe('The status after it; null where nothing changed'),
    details: z.record(z.string(), z.unknown()).describe('Particulars, by type'),
  })
  .describe('One step in the story of a deposit')

export const DepositTimelineOutput = z.object({ entries: z.array(TimelineEntry).describe('Oldest first') })

export type DepositView = z.output<typeof DepositView>
export type DepositStatus = z.output<typeof DepositStatus>
export type DepositMethodView = z.output<typeof DepositMethodView>
export type TimelineEntry = z.output<typeof TimelineEntry>
