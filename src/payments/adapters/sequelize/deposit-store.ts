import { assert } from '../../../kernel/assert.ts'
import { toPage } from '../../../kernel/page.ts'
import type { Audit } from '../../../platform/audit.ts'
import type { Reader, Tx } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { DepositReads, DepositWrites } from '../../app/ports.ts'
import { openStatuses } from '../../domain/deposit-status.ts'
import { type DepositRow, depositColumns, fromDeposit, openFlag, toDeposit } from './deposit-rows.ts'
import type { PaymentsModels } from './models.ts'

const select = `SELECT ${depositColumns} FROM deposits`

export function depositReads(reader: Reader, audit: Audit): DepositReads {
  return {
    async find(id) {
      const [row] = await reader.select<DepositRow>(`${select} WHERE id = :id`, { id })
      return row === undefined ? null : toDeposit(row)
    },

    async ofOwner(ownerId, { beforeId, limit }, status) {
      const conditions = ['owner_id = :ownerId']
      if (status !== null) conditions.push('status = :status')
      if (beforeId !== null) conditions.push('id < :beforeId')
      const rows = await reader.select<DepositRow>(
        `${select} WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT :rows`,
        {
          ownerId,
          status,
          beforeId,
          rows: limit + 1,
        },
      )
      return toPage(rows.map(toDeposit), limit)
    },

    async manyOfOwner(ownerId, ids) {
      if (ids.length === 0) return []
      const rows = await reader.select<DepositRow>(`${select} WHERE id IN (:ids) AND owner_id = :ownerId`, {
        ids,
        ownerId,
      })
      return rows.map(toDeposit)
    },

    async overdue(statuses, before, limit) {
      const rows = await reader.select<{ id: string }>(
        'SELECT id FROM deposits WHERE status IN (:statuses) AND expires_at_ms < :before ORDER BY expires_at_ms LIMIT :limit',
        { statuses, before: before.getTime(), limit },
      )
      return rows.map(({ id }) => id)
    },

    story: (id, limit) => audit.of(reader, `deposit:${id}`, limit),
  }
}

export function depositWrites(tx: Tx, models: PaymentsModels): DepositWrites {
  const lock = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''
  const lockFree = tx.dialect === 'mysql' ? 'FOR UPDATE SKIP LOCKED' : ''
  return {
    async insert(deposit) {
      await insertRows(tx, models.deposits, [fromDeposit(deposit)])
    },

    async lock(id) {
      const [row] = await tx.select<DepositRow>(`${select} WHERE id = :id ${lock}`, { id })
      return row === undefined ? null : toDeposit(row)
    },

    async lockFree(ids) {
      const rows = await tx.select<DepositRow>(`${select} WHERE id IN (:ids) ORDER BY id ${lockFree}`, { ids })
      return rows.map(toDeposit)
    },

    async update(previous, next) {
      const changed = await tx.change(
        `UPDATE deposits SET status = :status, exception = :exception, version = :version, received_minor = :received,
           credited_minor = :credited, part_minor = :part, in_review_minor = :inReview, taken_back_minor = :takenBack,
           reference = :reference, settled_at_ms = :settledAt, next_check_at_ms = :nextCheckAt, checks = :checks, is_open = :isOpen
         WHERE id = :id AND version = :previousVersion`,
        {
          id: next.id,
          previousVersion: previous.version,
          status: next.status,
          exception: next.exception,
          version: next.version,
          received: next.receivedMinor,
          credited: next.creditedMinor,
          part: next.partMinor,
          inReview: next.inReviewMinor,
          takenBack: next.takenBackMinor,
          reference: next.reference,
          settledAt: next.settledAt?.getTime() ?? null,
          nextCheckAt: next.nextCheckAt?.getTime() ?? null,
          checks: next.checks,
          isOpen: openFlag(next),
        },
      )
      assert(changed === 1, `deposit ${next.id} is still at version ${previous.version}, under its lock`)
    },

    async expire(deposits) {
      if (deposits.length === 0) return
      const expired = await tx.change(
        "UPDATE deposits SET status = 'expired', is_open = 0, version = version + 1 WHERE id IN (:ids) AND status = 'pending'",
        { ids: deposits.map(({ id }) => id) },
      )
      assert(expired === deposits.length, 'locked deposits are still pending')
    },

    async lockDue(now, limit) {
      const due = (isOpen: 0 | 1, rows: number) =>
        tx.select<DepositRow>(
          `${select} WHERE is_open = :isOpen AND next_check_at_ms <= :now ORDER BY next_check_at_ms LIMIT :rows ${lockFree}`,
          { isOpen, now: now.getTime(), rows },
        )
      const open = await due(1, limit)
      const over = open.length < limit ? await due(0, limit - open.length) : []
      return [...open, ...over].map(toDeposit)
    },

    async reschedule({ id, nextCheckAt, checks }) {
      await tx.change('UPDATE deposits SET next_check_at_ms = :nextCheckAt, checks = :checks WHERE id = :id', {
        id,
        nextCheckAt: nextCheckAt?.getTime() ?? null,
        checks,
      })
    },

    async lockOwner(ownerId) {
      // The transactions of SQLite take turns by themselves.
      if (tx.dialect === 'sqlite') return
      // A plain INSERT that meets the row shares it with others who did: each would then wait for the next to let go.
      await tx.change(
        'INSERT INTO deposit_owners (owner_id) VALUES (:ownerId) ON DUPLICATE KEY UPDATE owner_id = :ownerId',
        { ownerId },
      )
    },

    async countOpen(ownerId) {
      const [row] = await tx.select<{ open: number | string }>(
        'SELECT COUNT(*) AS open FROM deposits WHERE owner_id = :ownerId AND status IN (:statuses)',
        { ownerId, statuses: openStatuses },
      )
      return Number(row?.open ?? 0)
    },
  }
}
