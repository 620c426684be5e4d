import { DataTypes, type Sequelize } from 'sequelize'
import { columns } from '../../../platform/database/columns.ts'
import { defineTable } from '../../../platform/database/define-table.ts'

/** A value for a BIGINT column. */
type Whole = bigint | number

interface PostingValues {
  id: string
  kind: string
  reference: string | null
  note: string | null
  digest: string
  createdAtMs: Whole
}

interface EntryValues {
  postingId: string
  line: number
  account: string
  minor: Whole
  currency: string
}

interface AccountValues {
  account: string
  kind: string
  owner: string
  currency: string
  posted: Whole
  version: Whole
}

interface DepositValues {
  id: string
  ownerId: string
  status: string
  exception: string
  version: number
  amountMinor: Whole
  currency: string
  receivedMinor: Whole
  creditedMinor: Whole
  partMinor: Whole
  inReviewMinor: Whole
  takenBackMinor: Whole
  method: string
  gateway: string
  paymentKind: string
  paymentLabel: string
  reference: string
  createdAtMs: Whole
  expiresAtMs: Whole
  settledAtMs: Whole | null
  nextCheckAtMs: Whole | null
  checks: number
  isOpen: number
}

interface AddressValues {
  method: string
  reference: string
  status: string
  depositId: string | null
  ownerId: string | null
  untilMs: Whole
}

interface ProviderTransactionValues {
  provider: string
  transactionId: string
  depositId: string
  kind: string
  minor: Whole
  currency: string
  paidAtMs: Whole | null
  bookedAtMs: Whole
  disposition: string
  outsideMinor: Whole
  postingId: string
}

interface CaseValues {
  id: string
  depositId: string
  provider: string
  kind: string
  status: string
  minor: Whole
  currency: string
  transactionId: string | null
  openedAtMs: Whole
  closedAtMs: Whole | null
  attempts: number
  nextAttemptAtMs: Whole | null
}

interface NoticeValues {
  id: string
  provider: string
  eventId: string
  chargeId: string
  report: string
  body: Buffer
  status: string
  outcome: string | null
  receivedAtMs: Whole
  attempts: number
  nextAttemptAtMs: Whole | null
}

const { int32, int64, text } = columns
const id = DataTypes.CHAR(36)

/** The models of this context: one set for every dialect. */
export function definePaymentsModels(sequelize: Sequelize) {
  return {
    postings: defineTable<PostingValues>(sequelize, 'ledger_postings', ['id'], {
      id,
      kind: text(20),
      reference: id,
      note: text(280),
      digest: text(64),
      createdAtMs: int64,
    }),
    entries: defineTable<EntryValues>(sequelize, 'ledger_entries', ['postingId', 'line'], {
      postingId: id,
      line: int32,
      account: text(80),
      minor: int64,
      currency: text(10),
    }),
    accounts: defineTable<AccountValues>(sequelize, 'ledger_accounts', ['account'], {
      account: text(80),
      kind: text(10),
      owner: id,
      currency: text(10),
      posted: int64,
      version: int64,
    }),
    deposits: defineTable<DepositValues>(sequelize, 'deposits', ['id'], {
      id,
      ownerId: id,
      status: text(20),
      exception: text(20),
      version: int32,
      amountMinor: int64,
      currency: text(10),
      receivedMinor: int64,
      creditedMinor: int64,
      partMinor: int64,
      inReviewMinor: int64,
      takenBackMinor: int64,
      method: text(40),
      gateway: text(40),
      paymentKind: text(20),
      paymentLabel: text(80),
      reference: text(200),
      createdAtMs: int64,
      expiresAtMs: int64,
      settledAtMs: int64,
      nextCheckAtMs: int64,
      checks: int32,
      isOpen: int32,
    }),
    addresses: defineTable<AddressValues>(sequelize, 'payment_addresses', ['method', 'reference'], {
      method: text(40),
      reference: text(200),
      status: text(12),
      depositId: id,
      ownerId: id,
      untilMs: int64,
    }),
    transactions: defineTable<ProviderTransactionValues>(
      sequelize,
      'provider_transactions',
      ['provider', 'transactionId'],
      {
        provider: text(40),
        transactionId: text(100),
        depositId: id,
        kind: text(10),
        minor: int64,
        currency: text(10),
        paidAtMs: int64,
        bookedAtMs: int64,
        disposition: text(12),
        outsideMinor: int64,
        postingId: id,
      },
    ),
    cases: defineTable<CaseValues>(sequelize, 'suspense_cases', ['id'], {
      id,
      depositId: id,
      provider: text(40),
      kind: text(20),
      status: text(12),
      minor: int64,
      currency: text(10),
      transactionId: text(100),
      openedAtMs: int64,
      closedAtMs: int64,
      attempts: int32,
      nextAttemptAtMs: int64,
    }),
    notices: defineTable<NoticeValues>(sequelize, 'webhook_notices', ['id'], {
      id,
      provider: text(40),
      eventId: text(100),
      chargeId: text(100),
      report: DataTypes.TEXT,
      body: DataTypes.BLOB,
      status: text(12),
      outcome: text(200),
      receivedAtMs: int64,
      attempts: int32,
      nextAttemptAtMs: int64,
    }),
  }
}

export type PaymentsModels = ReturnType<typeof definePaymentsModels>
