import type { Migration } from '../../src/platform/database/migrate.ts'
import { platform } from './0001-platform.ts'
import { identity } from './0002-identity.ts'
import { payments } from './0003-payments.ts'
import { outboxFailures } from './0004-outbox-failures.ts'
import { depositOwners } from './0005-deposit-owners.ts'
import { sessionNetworks } from './0006-session-networks.ts'
import { webhookRetention } from './0007-webhook-retention.ts'
import { transactionPostings } from './0008-transaction-postings.ts'
import { outboxPruning } from './0009-outbox-pruning.ts'
import { outboxSetAside } from './0010-outbox-set-aside.ts'
import { checksInTurn } from './0011-checks-in-turn.ts'
import { sessionFactors } from './0012-session-factors.ts'
import { logScanner } from './0013-log-scanner.ts'
import { logSources } from './0014-log-sources.ts'
import { logAlerts } from './0015-log-alerts.ts'
import { logScans } from './0016-log-scans.ts'
import { logFollowers } from './0018-log-followers.ts'

/** The schema's history, oldest first. A step that has been released is never changed. */
export const migrations: readonly Migration[] = [
  platform,
  identity,
  payments,
  outboxFailures,
  depositOwners,
  sessionNetworks,
  webhookRetention,
  transactionPostings,
  outboxPruning,
  outboxSetAside,
  checksInTurn,
  sessionFactors,
  logScanner,
  logSources,
  logAlerts,
  logScans,
  logFollowers,
]
