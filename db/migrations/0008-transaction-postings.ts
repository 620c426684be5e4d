import type { Migration } from '../../src/platform/database/migrate.ts'
import { addIndex } from '../schema.ts'

/** Finds the provider's transaction of a posting: whoever checks the books looks for each. */
export const transactionPostings: Migration = {
  name: '0008-transaction-postings',
  async up(context) {
    await addIndex(context, 'provider_transactions', ['posting_id'], { name: 'provider_transactions_posting' })
  },
}
