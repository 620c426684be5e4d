import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { addIndex, createTable, forbidChanges } from '../schema.ts'

/** The ledger, deposits with their addresses and provider transactions, suspense cases, and webhooks in. */
export const payments: Migration = {
  name: '0003-payments',
  async up(context) {
    const { dialect } = context
    const id = columns.id(dialect)
    const required = { allowNull: false }
    const account = columns.text(80)
    const currency = columns.text(10)

    await createTable(context, 'ledger_postings', {
      id: { type: id, primaryKey: true },
      kind: { type: columns.text(20), ...required },
      reference: { type: id, allowNull: true },
      note: { type: columns.text(280), allowNull: true },
      digest: { type: columns.text(64), ...required },
      created_at_ms: { type: columns.int64, ...required },
    })
    await addIndex(context, 'ledger_postings', ['reference'], { name: 'ledger_postings_reference' })
    await forbidChanges(context, 'ledger_postings', ['id', 'kind', 'reference', 'note', 'digest', 'created_at_ms'])

    await createTable(context, 'ledger_entries', {
      posting_id: { type: id, primaryKey: true, references: { model: 'ledger_postings', key: 'id' } },
      line: { type: columns.int32, primaryKey: true },
      account: { type: account, ...required },
      minor: { type: columns.int64, ...required },
      currency: { type: currency, ...required },
    })
    await addIndex(context, 'ledger_entries', ['account', 'posting_id'], { name: 'ledger_entries_account' })
    await forbidChanges(context, 'ledger_entries', ['posting_id', 'line', 'account', 'minor', 'currency'])

    await createTable(context, 'ledger_accounts', {
      account: { type: account, primaryKey: true },
      kind: { type: columns.text(10), ...required },
      owner: { type: id, ...required },
      currency: { type: currency, ...required },
      posted: { type: columns.int64, ...required },
      version: { type: columns.int64, ...required },
    })
    await addIndex(context, 'ledger_accounts', ['owner'], { name: 'ledger_accounts_owner' })

    await createTable(context, 'deposits', {
      id: { type: id, primaryKey: true },
      owner_id: { type: id, ...required },
      status: { type: columns.text(20), ...required },
      exception: { type: columns.text(20), ...required },
      version: { type: columns.int32, ...required },
      amount_minor: { type: columns.int64, ...required },
      currency: { type: currency, ...required },
      received_minor: { type: columns.int64, ...required },
      credited_minor: { type: columns.int64, ...required },
      part_minor: { type: columns.int64, ...required },
      in_review_minor: { type: columns.int64, ...required },
      taken_back_minor: { type: columns.int64, ...required },
      method: { type: columns.text(40), ...required },
      gateway: { type: columns.text(40), ...required },
      payment_kind: { type: columns.text(20), ...required },
      payment_label: { type: columns.text(80), ...required },
      reference: { type: columns.text(200), ...required },
      created_at_ms: { type: columns.int64, ...required },
      expires_at_ms: { type: columns.int64, ...required },
      settled_at_ms: { type: columns.int64, allowNull: true },
      next_check_at_ms: { type: columns.int64, allowNull: true },
      checks: { type: columns.int32, ...required },
    })
    await addIndex(context, 'deposits', ['owner_id', 'id'], { name: 'deposits_owner' })
    await addIndex(context, 'deposits', ['owner_id', 'status', 'id'], { name: 'deposits_owner_status' })
    await addIndex(context, 'deposits', ['status', 'expires_at_ms'], { name: 'deposits_overdue' })
    await addIndex(context, 'deposits', ['next_check_at_ms'], { name: 'deposits_due' })

    await createTable(context, 'payment_addresses', {
      method: { type: columns.text(40), primaryKey: true },
      reference: { type: columns.text(200), primaryKey: true },
      status: { type: columns.text(12), ...required },
      deposit_id: { type: id, allowNull: true },
      until_ms: { type: columns.int64, ...required },
    })
    await addIndex(context, 'payment_addresses', ['method', 'status', 'until_ms'], { name: 'payment_addresses_free' })
    await addIndex(context, 'payment_addresses', ['status', 'until_ms'], { name: 'payment_addresses_turnover' })

    await createTable(context, 'provider_transactions', {
      provider: { type: columns.text(40), primaryKey: true },
      transaction_id: { type: columns.text(100), primaryKey: true },
      deposit_id: { type: id, ...required },
      kind: { type: columns.text(10), ...required },
      minor: { type: columns.int64, ...required },
      currency: { type: currency, ...required },
      paid_at_ms: { type: columns.int64, allowNull: true },
      booked_at_ms: { type: columns.int64, ...required },
      disposition: { type: columns.text(12), ...required },
      outside_minor: { type: columns.int64, ...required },
      posting_id: { type: id, ...required, references: { model: 'ledger_postings', key: 'id' } },
    })
    await addIndex(context, 'provider_transactions', ['deposit_id'], { name: 'provider_transactions_deposit' })

    await createTable(context, 'suspense_cases', {
      id: { type: id, primaryKey: true },
      deposit_id: { type: id, ...required },
      provider: { type: columns.text(40), ...required },
      kind: { type: columns.text(20), ...required },
      status: { type: columns.text(12), ...required },
      minor: { type: columns.int64, ...required },
      currency: { type: currency, ...required },
      transaction_id: { type: columns.text(100), allowNull: true },
      opened_at_ms: { type: columns.int64, ...required },
      closed_at_ms: { type: columns.int64, allowNull: true },
      attempts: { type: columns.int32, ...required, defaultValue: 0 },
      next_attempt_at_ms: { type: columns.int64, allowNull: true },
    })
    await addIndex(context, 'suspense_cases', ['deposit_id'], { name: 'suspense_cases_deposit' })
    await addIndex(context, 'suspense_cases', ['status', 'next_attempt_at_ms'], { name: 'suspense_cases_refunding' })

    await createTable(context, 'webhook_notices', {
      id: { type: id, primaryKey: true },
      provider: { type: columns.text(40), ...required },
      event_id: { type: columns.text(100), ...required },
      charge_id: { type: columns.text(100), ...required },
      report: { type: columns.json, ...required },
      body: { type: columns.bytes, ...required },
      status: { type: columns.text(12), ...required },
      outcome: { type: columns.text(200), allowNull: true },
      received_at_ms: { type: columns.int64, ...required },
      attempts: { type: columns.int32, ...required },
      next_attempt_at_ms: { type: columns.int64, allowNull: true },
    })
    await addIndex(context, 'webhook_notices', ['provider', 'event_id'], {
      name: 'webhook_notices_event',
      unique: true,
    })
    await addIndex(context, 'webhook_notices', ['status', 'next_attempt_at_ms'], { name: 'webhook_notices_waiting' })
    await addIndex(context, 'webhook_notices', ['charge_id'], { name: 'webhook_notices_charge' })
  },
}
