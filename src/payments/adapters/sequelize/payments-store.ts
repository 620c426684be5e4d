import type { Clock } from '../../../kernel/clock.ts'
import type { Audit } from '../../../platform/audit.ts'
import type { Database, Tx } from '../../../platform/database/database.ts'
import type { Idempotency } from '../../../platform/idempotency.ts'
import type { Outbox } from '../../../platform/outbox.ts'
import type { PaymentsStore, PaymentsTx } from '../../app/ports.ts'
import { addressWrites, createAddressCounts } from './address-store.ts'
import { caseReads, caseWrites } from './case-store.ts'
import { depositReads, depositWrites } from './deposit-store.ts'
import { toOutboxEvent } from './events.ts'
import { ledgerWrites } from './ledger-store.ts'
import { definePaymentsModels } from './models.ts'
import { noticeReads, noticeWrites } from './notice-store.ts'
import { addToStory } from './story.ts'
import { transactionWrites } from './transaction-store.ts'
import { walletReads } from './wallet-store.ts'

interface PaymentsStoreDeps {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly outbox: Outbox
  readonly idempotency: Idempotency
}

export function createPaymentsStore({ database, clock, audit, outbox, idempotency }: PaymentsStoreDeps): PaymentsStore {
  const models = definePaymentsModels(database.sequelize)
  const counts = createAddressCounts()

  function bind(tx: Tx): PaymentsTx {
    return {
      deposits: depositWrites(tx, models),
      ledger: ledgerWrites(tx, models, clock),
      addresses: addressWrites(tx, models, counts),
      transactions: transactionWrites(tx, models, clock),
      cases: caseWrites(tx, models, clock),
      notices: noticeWrites(tx, models),
      claimKey: ({ scope, input }, resultId) => idempotency.claim(tx, scope, input, resultId),
      audit: (entries) => addToStory(tx, audit, entries),
      async announce(events) {
        await outbox.append(tx, events.map(toOutboxEvent))
      },
    }
  }

  return {
    transaction: (work) => database.transaction((tx) => work(bind(tx))),
    firstResult: ({ scope, input }) => idempotency.find(database, scope, input),
    deposits: depositReads(database, audit),
    wallets: walletReads(database),
    notices: noticeReads(database),
    cases: caseReads(database),
  }
}
