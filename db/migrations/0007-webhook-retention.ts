import type { Migration } from '../../src/platform/database/migrate.ts'
import { addIndex } from '../schema.ts'

/** Finds handled webhooks that are old enough to be forgotten. */
export const webhookRetention: Migration = {
  name: '0007-webhook-retention',
  async up(context) {
    await addIndex(context, 'webhook_notices', ['status', 'received_at_ms'], { name: 'webhook_notices_age' })
  },
}
