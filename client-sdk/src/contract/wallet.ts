import { z } from 'zod'
import {
  Currency,
  Id,
  IdempotencyKey,
  Minor,
  PageInput,
  PositiveMoney,
  pageOf,
  SignedMoney,
  Timestamp,
} from './common.ts'
import { singleLineText } from './text.ts'

export const BalanceView = z
  .object({
    currency: Currency,
    posted: Minor.describe('Everything that is yours, held or not'),
    held: Minor.describe('Set aside for something under way'),
    available: Minor.describe('posted minus held: what can be spent'),
    owed: Minor.describe('Taken back by a gateway after it was spent; the next credits pay it first'),
    version: z.number().int().describe('Grows with every change of this balance; a lower one is older news'),
  })
  .describe('One currency of a wallet')

export const BalancesOutput = z.object({ balances: z.array(BalanceView).describe('One entry a currency ever used') })

export const TransactionKind = z.enum(['deposit', 'transfer', 'refund', 'reversal']).describe('Why the balance changed')

export const TransactionView = z
  .object({
    id: Id,
    kind: TransactionKind,
    amount: SignedMoney.describe('Change of your balance; negative where money went out'),
    counterparty: z.string().nullable().describe('Handle of the other user, for transfers'),
    note: z.string().nullable().describe('Free text of the sender'),
    reference: z.string().nullable().describe('Id of what caused it, a deposit for example'),
    createdAt: Timestamp,
  })
  .describe('One change of a balance')

export const TransactionsInput = PageInput.extend({
  currency: Currency.optional().describe('Only this currency'),
}).prefault({})
export const TransactionsOutput = pageOf(TransactionView)

export const TransferInput = z.object({
  to: singleLineText({ min: 3, max: 36 }).toLowerCase().describe("The recipient's handle or id"),
  amount: PositiveMoney,
  note: singleLineText({ min: 0, max: 280 })
    .optional()
    .describe('Text for the recipient in one line, at most 280 characters'),
  idempotencyKey: IdempotencyKey,
})

export type BalanceView = z.output<typeof BalanceView>
export type TransactionView = z.output<typeof TransactionView>
