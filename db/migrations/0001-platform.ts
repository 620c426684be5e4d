import { columns } from '../../src/platform/database/columns.ts'
import type { Migration } from '../../src/platform/database/migrate.ts'
import { addIndex, createTable, forbidChanges } from '../schema.ts'

/** Outbox, audit log with its hash chain, idempotency keys, and the secrets that nodes share. */
export const platform: Migration = {
  name: '0001-platform',
  async up(context) {
    const id = columns.id(context.dialect)
    await createTable(context, 'outbox', {
      id: { type: id, primaryKey: true },
      type: { type: columns.text(60), allowNull: false },
      subject: { type: columns.text(80), allowNull: false },
      payload: { type: columns.json, allowNull: false },
      created_at_ms: { type: columns.int64, allowNull: false },
      published_at_ms: { type: columns.int64, allowNull: true },
    })
    await addIndex(context, 'outbox', ['published_at_ms', 'id'], { name: 'outbox_unpublished' })
    await addIndex(context, 'outbox', ['subject', 'type'], { name: 'outbox_subject' })

    await createTable(context, 'audit_log', {
      id: { type: id, primaryKey: true },
      at_ms: { type: columns.int64, allowNull: false },
      actor: { type: columns.text(60), allowNull: false },
      action: { type: columns.text(60), allowNull: false },
      subject: { type: columns.text(80), allowNull: false },
      details: { type: columns.json, allowNull: false },
      sealed: { type: columns.int32, allowNull: false, defaultValue: 0 },
    })
    await addIndex(context, 'audit_log', ['subject', 'id'], { name: 'audit_log_subject' })
    await addIndex(context, 'audit_log', ['sealed', 'id'], { name: 'audit_log_unsealed' })
    await forbidChanges(context, 'audit_log', ['id', 'at_ms', 'actor', 'action', 'subject', 'details'])

    await createTable(context, 'audit_chain', {
      seq: { type: columns.int64, primaryKey: true },
      audit_id: { type: id, allowNull: false, unique: true },
      hash: { type: columns.text(64), allowNull: false },
    })
    await forbidChanges(context, 'audit_chain', ['seq', 'audit_id', 'hash'])
    await createTable(context, 'audit_chain_head', {
      id: { type: columns.int32, primaryKey: true },
      seq: { type: columns.int64, allowNull: false },
      hash: { type: columns.text(64), allowNull: false },
    })
    await context.run(
      `INSERT INTO audit_chain_head (id, seq, hash)
       SELECT 1, 0, '${'0'.repeat(64)}' WHERE NOT EXISTS (SELECT 1 FROM audit_chain_head)`,
    )

    await createTable(context, 'idempotency_keys', {
      actor_id: { type: id, primaryKey: true },
      command: { type: columns.text(40), primaryKey: true },
      idempotency_key: { type: columns.text(128), primaryKey: true },
      input_hash: { type: columns.text(64), allowNull: false },
      result_id: { type: id, allowNull: false },
      created_at_ms: { type: columns.int64, allowNull: false },
    })

    await createTable(context, 'secrets', {
      name: { type: columns.text(40), primaryKey: true },
      value: { type: columns.text(200), allowNull: false },
    })
  },
}
