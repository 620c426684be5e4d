import { LRUCache } from 'lru-cache'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Tx } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { AddressWrites } from '../../app/ports.ts'
import { openStatuses } from '../../domain/deposit-status.ts'
import type { PaymentsModels } from './models.ts'

const countTtlMs = 10_000

/** Counting a million addresses at each deposit would cost more than the deposit; the limit may be passed by a few. */
export function createAddressCounts(): LRUCache<string, number> {
  return new LRUCache({ max: 1000, ttl: countTtlMs })
}

export function addressWrites(tx: Tx, models: PaymentsModels, counts: LRUCache<string, number>): AddressWrites {
  const lockFree = tx.dialect === 'mysql' ? 'FOR UPDATE SKIP LOCKED' : ''
  return {
    async allocate(method, { depositId, ownerId, heldUntil }) {
      const [free] = await tx.select<{ reference: string }>(
        `SELECT reference FROM payment_addresses WHERE method = :method AND status = 'available' ORDER BY until_ms LIMIT 1 ${lockFree}`,
        { method },
      )
      if (free === undefined) return null
      await tx.change(
        `UPDATE payment_addresses SET status = 'allocated', deposit_id = :depositId, owner_id = :ownerId, until_ms = :until
         WHERE method = :method AND reference = :reference AND status = 'available'`,
        { depositId, ownerId, until: heldUntil.getTime(), method, reference: free.reference },
      )
      return free.reference
    },

    async issue(method, reference, { depositId, ownerId, heldUntil }) {
      const [taken] = await tx.select(
        'SELECT reference FROM payment_addresses WHERE method = :method AND reference = :reference',
        {
          method,
          reference,
        },
      )
      if (taken !== undefined) return false
      const row = { method, reference, status: 'allocated', depositId, ownerId, untilMs: heldUntil.getTime() }
      await insertRows(tx, models.addresses, [row])
      return true
    },

    async count(method) {
      const counted = counts.get(method)
      if (counted !== undefined) return counted
      const [row] = await tx.select<{ addresses: number | string }>(
        'SELECT COUNT(*) AS addresses FROM payment_addresses WHERE method = :method',
        { method },
      )
      const addresses = Number(row?.addresses ?? 0)
      counts.set(method, addresses)
      return addresses
    },

    async heldBy(ownerId) {
      const [row] = await tx.select<{ addresses: Int64 | number; first_until: Int64 | number | null }>(
        `SELECT COUNT(*) AS addresses, MIN(until_ms) AS first_until FROM payment_addresses
         WHERE owner_id = :ownerId AND status = 'allocated'`,
        { ownerId },
      )
      const firstUntil = row?.first_until ?? null
      return {
        count: Number(row?.addresses ?? 0),
        firstUntil: firstUntil === null ? null : new Date(Number(firstUntil)),
      }
    },

    async turnOver(now, coolingMs, limit) {
      const nowMs = now.getTime()
      const ready = (status: string, also = '') =>
        tx.select<{ method: string; reference: string }>(
          `SELECT method, reference FROM payment_addresses a WHERE status = :status AND until_ms <= :nowMs ${also}
           ORDER BY until_ms LIMIT :limit ${lockFree}`,
          { status, nowMs, limit, openStatuses },
        )
      const rested = await ready('cooling')
      for (const { method, reference } of rested)
        await tx.change(
          "UPDATE payment_addresses SET status = 'available' WHERE method = :method AND reference = :reference",
          { method, reference },
        )
      // A payment may be processed for longer than the watch: until it ends the address has its owner.
      const watched = await ready(
        'allocated',
        'AND NOT EXISTS (SELECT 1 FROM deposits d WHERE d.id = a.deposit_id AND d.status IN (:openStatuses))',
      )
      for (const { method, reference } of watched)
        await tx.change(
          "UPDATE payment_addresses SET status = 'cooling', until_ms = :until WHERE method = :method AND reference = :reference",
          { method, reference, until: nowMs + coolingMs },
        )
      return Math.max(rested.length, watched.length)
    },
  }
}
