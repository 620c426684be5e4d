import type { Audit } from '../../../platform/audit.ts'
import type { Tx } from '../../../platform/database/database.ts'
import type { AuditEntry } from '../../app/ports.ts'

/**
 * Adds steps to the stories of their subjects. A refusal changes nothing, so it can be provoked without end: each kind is
 * told once of a subject. Whoever refuses has locked the subject.
 */
export async function addToStory(tx: Tx, audit: Audit, entries: readonly AuditEntry[]): Promise<void> {
  const news: AuditEntry[] = []
  for (const entry of entries)
    if (entry.action !== 'deposit.transition_refused' || !(await audit.holds(tx, entry))) news.push(entry)
  await audit.record(tx, news)
}
