import type { Clock } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import { isOverdue } from '../domain/deposit.ts'
import { expire, fail } from '../domain/deposit-endings.ts'
import { expiringStatuses } from '../domain/deposit-status.ts'
import { auditOf, commitChange, eventsOf } from './commit-change.ts'
import type { PaymentsPolicy } from './policy.ts'
import type { PaymentsStore } from './ports.ts'

interface SweepDeps {
  readonly store: PaymentsStore
  readonly clock: Clock
  readonly ids: Ids
  readonly policy: PaymentsPolicy
}

/** Deposits of one transaction: few enough to hold their locks briefly, enough to keep up after an outage. */
const chunkRows = 250
/** Transactions at once: one alone would wait behind every notice that comes in at the same moment. */
const chunksAtOnce = 4

/**
 * The janitor ends a deposit that its gateway never confirmed, as the gateway says. Where that does not answer, such a
 * deposit is ended without it, still within the time that an overdue one may stay open.
 */
const unconfirmedGraceMs = 2_500

/**
 * Ends what is overdue, from the rows alone, so that a restart forgets nothing. Deposits that somebody else works on
 * right now are left for the next pass. Returns whether there may be more.
 */
export function sweepDeposits({ store, clock, ids, policy }: SweepDeps) {
  return async (): Promise<boolean> => {
    const now = clock.now()
    const limit = policy.sweepBatchMaxRows
    const graceEnds = new Date(now.getTime() - unconfirmedGraceMs)
    const unconfirmed = await store.deposits.overdue(['created'], graceEnds, limit)
    const overdue = await store.deposits.overdue(expiringStatuses, now, limit)
    await inChunks(unconfirmed, failChunk)
    await inChunks(overdue, expireChunk)
    return unconfirmed.length === limit || overdue.length === limit
  }

  async function inChunks(depositIds: readonly string[], end: (chunk: readonly string[]) => Promise<void>) {
    const chunks: string[][] = []
    for (let start = 0; start < depositIds.length; start += chunkRows)
      chunks.push(depositIds.slice(start, start + chunkRows))
    for (let start = 0; start < chunks.length; start += chunksAtOnce)
      await Promise.all(chunks.slice(start, start + chunksAtOnce).map(end))
  }

  async function failChunk(depositIds: readonly string[]): Promise<void> {
    await store.transaction(async (tx) => {
      for (const deposit of await tx.deposits.lockFree(depositIds))
        if (deposit.status === 'created')
          await commitChange(tx, deposit, fail(deposit, 'the gateway did not confirm the charge in time'), {
            actor: 'system',
            ids,
          })
    })
  }

  async function expireChunk(depositIds: readonly string[]): Promise<void> {
    await store.transaction(async (tx) => {
      const locked = await tx.deposits.lockFree(depositIds)
      const overdue = locked.filter((deposit) => isOverdue(deposit, clock.now()))
      // Most have received nothing and change alike: one statement for all, whatever their number.
      const alike = overdue.filter(({ status }) => status === 'pending')
      const changes = alike.map(expire)
      await tx.deposits.expire(alike)
      await tx.audit(changes.flatMap(({ deposit, steps }) => auditOf(deposit, steps, 'system')))
      await tx.announce(changes.flatMap((change) => eventsOf(change)))
      for (const deposit of overdue.filter(({ status }) => status !== 'pending'))
        await commitChange(tx, deposit, expire(deposit), { actor: 'system', ids })
    })
  }
}
