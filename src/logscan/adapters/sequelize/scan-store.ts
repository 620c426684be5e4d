import { DataTypes, type Sequelize } from 'sequelize'
import { z } from 'zod'
import type { Clock } from '../../../kernel/clock.ts'
import { type Page, type PageRequest, toPage } from '../../../kernel/page.ts'
import { columns, type Int64 } from '../../../platform/database/columns.ts'
import type { Database, Reader, Tx } from '../../../platform/database/database.ts'
import { defineTable } from '../../../platform/database/define-table.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type {
  KnownTexts,
  LogScan,
  ScanProgress,
  ScanQueue,
  ScanResult,
  ScanStatus,
  ScanWrites,
} from '../../app/scan-ports.ts'
import { levels } from '../../domain/log-pattern.ts'
import { type GenerationRow, generationColumns, toGeneration } from './generation-rows.ts'
import { bounded } from './row-text.ts'

interface ScanValues {
  id: string
  node: string | null
  paths: string
  source: string
  keeps: number
  sinceMs: number | null
  untilMs: number | null
  status: string
  holder: string
  leaseUntilMs: number
  attempts: number
  patternsVersion: number
  files: number
  bytesTotal: number
  bytesRead: number
  linesMatched: number
  linesKept: number
  problem: string | null
  result: string | null
  version: number
  createdAtMs: number
  createdBy: string
  startedAtMs: number | null
  endedAtMs: number | null
}

const { int32, int64, text } = columns

export function defineScanModel(sequelize: Sequelize) {
  return defineTable<ScanValues>(sequelize, 'log_scans', ['id'], {
    id: DataTypes.CHAR(36),
    node: text(255),
    paths: DataTypes.TEXT,
    source: text(80),
    keeps: int32,
    sinceMs: int64,
    untilMs: int64,
    status: text(10),
    holder: text(120),
    leaseUntilMs: int64,
    attempts: int32,
    patternsVersion: int64,
    files: int32,
    bytesTotal: int64,
    bytesRead: int64,
    linesMatched: int64,
    linesKept: int64,
    problem: text(300),
    result: DataTypes.TEXT,
    version: int32,
    createdAtMs: int64,
    createdBy: text(60),
    startedAtMs: int64,
    endedAtMs: int64,
  })
}

const problemMaxLength = 300
const Paths = z.array(z.string())
const Result = z.object({
  patterns: z.array(
    z.object({
      ...{ id: z.string(), lines: z.number(), firstSeen: z.number().nullable(), lastSeen: z.number().nullable() },
      example: z.object({ path: z.string(), line: z.number(), text: z.string() }).nullable(),
    }),
  ),
  groups: z.array(z.object({ id: z.string(), level: z.enum(levels), title: z.string(), lines: z.number() })),
  problems: z.array(z.string()),
})
const select = `SELECT id, node, paths, source, keeps, since_ms, until_ms, status, attempts, patterns_version, files, bytes_total,
  bytes_read, lines_matched, lines_kept, problem, version, created_at_ms, created_by, started_at_ms, ended_at_ms FROM log_scans`

export function scanWrites(tx: Tx, model: ReturnType<typeof defineScanModel>): ScanWrites {
  const lock = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''
  return {
    async countQueued() {
      const [row] = await tx.select<{ scans: number | string }>(
        "SELECT COUNT(*) AS scans FROM log_scans WHERE status = 'queued'",
      )
      return Number(row?.scans ?? 0)
    },

    async insert(id, { node, paths, source, keeps, since, until }, createdAtMs, createdBy) {
      await insertRows(tx, model, [
        {
          ...{ id, node, source, createdAtMs, createdBy, paths: JSON.stringify(paths), keeps: keeps ? 1 : 0 },
          ...{ sinceMs: since, untilMs: until, status: 'queued', holder: '', leaseUntilMs: 0, attempts: 0 },
          ...{ patternsVersion: 0, files: 0, bytesTotal: 0, bytesRead: 0, linesMatched: 0, linesKept: 0 },
          ...{ problem: null, result: null, version: 1, startedAtMs: null, endedAtMs: null },
        },
      ])
    },

    async cancel(id) {
      const [row] = await tx.select<{ status: ScanStatus }>(`SELECT status FROM log_scans WHERE id = :id ${lock}`, {
        id,
      })
      if (row === undefined) return null
      await tx.change(
        `UPDATE log_scans SET status = 'canceled', version = version + 1 WHERE id = :id AND status IN ('queued', 'running')`,
        { id },
      )
      return row.status
    },
  }
}

/** One whose processes were killed so often is not tried again. */
const attemptsMax = 3

export function createScanQueue(database: Database, clock: Clock): ScanQueue {
  const read = async (id: string) => {
    const [row] = await database.select<ScanRow>(`${select} WHERE id = :id`, { id })
    return row === undefined ? null : toScan(row)
  }
  const change = (sql: string, values: Record<string, unknown>) => database.transaction((tx) => tx.change(sql, values))
  const mine = "WHERE id = :id AND holder = :holder AND status = 'running'"

  return {
    async take(node, holder, leaseMs) {
      const nowMs = clock.now().getTime()
      const [next] = await database.select<{ id: string; status: ScanStatus; attempts: number }>(
        `SELECT id, status, attempts FROM log_scans WHERE (node IS NULL OR node = :node)
           AND (status = 'queued' OR (status = 'running' AND lease_until_ms < :nowMs)) AND status IN ('queued', 'running')
         ORDER BY id LIMIT 1`,
        { node, nowMs },
      )
      if (next === undefined) return null
      const { id, status, attempts } = next
      const values = { id, status, attempts, holder, nowMs, until: nowMs + leaseMs }
      const asSeen =
        "WHERE id = :id AND status = :status AND attempts = :attempts AND (status = 'queued' OR lease_until_ms < :nowMs)"
      if (attempts >= attemptsMax) {
        await change(
          `UPDATE log_scans SET status = 'failed', problem = :problem, ended_at_ms = :nowMs, version = version + 1 ${asSeen}`,
          { ...values, problem: `${attempts} processes ended while they did it` },
        )
        return null
      }
      const taken = await change(
        `UPDATE log_scans SET status = 'running', holder = :holder, lease_until_ms = :until, attempts = attempts + 1,
           started_at_ms = COALESCE(started_at_ms, :nowMs), version = version + 1 ${asSeen}`,
        values,
      )
      return taken === 1 ? read(id) : null
    },

    async advance(id, holder, progress, leaseMs) {
      const changed = await change(
        `UPDATE log_scans SET ${progressed}, lease_until_ms = :until, version = version + 1 ${mine}`,
        { id, holder, ...progress, until: clock.now().getTime() + leaseMs },
      )
      return changed === 1 ? read(id) : null
    },

    async end(id, holder, end) {
      const nowMs = clock.now().getTime()
      const values = { id, holder, nowMs, status: end.status }
      await (end.status === 'queued'
        ? change(
            `UPDATE log_scans SET status = :status, holder = '', attempts = attempts - 1, version = version + 1 ${mine}`,
            values,
          )
        : end.status === 'failed'
          ? change(
              `UPDATE log_scans SET status = :status, problem = :problem, ended_at_ms = :nowMs, version = version + 1 ${mine}`,
              { ...values, problem: bounded(end.problem, problemMaxLength) },
            )
          : change(
              `UPDATE log_scans SET ${progressed}, status = :status, patterns_version = :patternsVersion, result = :result,
                 ended_at_ms = :nowMs, version = version + 1 ${mine}`,
              {
                ...{ ...values, ...end.progress, patternsVersion: end.patternsVersion },
                result: JSON.stringify(end.result),
              },
            ))
      return read(id)
    },
  }
}

const progressed = `files = :files, bytes_total = :bytesTotal, bytes_read = :bytesRead, lines_matched = :linesMatched,
  lines_kept = :linesKept`

export interface ScanListRequest extends PageRequest {
  readonly status: ScanStatus | null
}

/** Newest first. */
export async function scanPage(reader: Reader, { status, beforeId, limit }: ScanListRequest): Promise<Page<LogScan>> {
  const conditions = [
    ...(status === null ? [] : ['status = :status']),
    ...(beforeId === null ? [] : ['id < :beforeId']),
  ]
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  const rows = await reader.select<ScanRow>(`${select} ${where} ORDER BY id DESC LIMIT :rows`, {
    ...{ status, beforeId, rows: limit + 1 },
  })
  return toPage(rows.map(toScan), limit)
}

/** With what came of it; null if it has not ended well. */
export async function findScan(
  reader: Reader,
  id: string,
): Promise<{ readonly scan: LogScan; readonly result: ScanResult | null } | null> {
  const [row] = await reader.select<ScanRow & { result: string | null }>(
    `${select.replace(' FROM log_scans', ', result FROM log_scans')} WHERE id = :id`,
    { id },
  )
  if (row === undefined) return null
  return { scan: toScan(row), result: row.result === null ? null : Result.parse(JSON.parse(row.result)) }
}

export function knownTexts(reader: Reader): KnownTexts {
  return {
    async find(node, { device, inode }, paths) {
      const wanted = `SELECT ${generationColumns}, (SELECT f.holder FROM log_followers f WHERE f.node = g.node AND f.source = g.source)
        AS holder FROM log_generations g WHERE g.node = :node AND`
      const rows = await reader.select<GenerationRow & { holder: string | null }>(
        `${wanted} g.device = :device AND g.inode = :inode
         ${paths.length === 0 ? '' : `UNION ${wanted} g.path IN (:paths)`}`,
        { node, device, inode, paths },
      )
      return rows.map(({ holder, ...row }) => ({ generation: toGeneration(row), isFollowed: (holder ?? '') !== '' }))
    },
  }
}

interface ScanRow {
  id: string
  node: string | null
  paths: string
  source: string
  keeps: number
  since_ms: Int64 | null
  until_ms: Int64 | null
  status: ScanStatus
  attempts: number
  patterns_version: Int64
  files: number
  bytes_total: Int64
  bytes_read: Int64
  lines_matched: Int64
  lines_kept: Int64
  problem: string | null
  version: number
  created_at_ms: Int64
  created_by: string
  started_at_ms: Int64 | null
  ended_at_ms: Int64 | null
}

const numberOrNull = (value: Int64 | null) => (value === null ? null : Number(value))

function toScan({ id, node, source, status, attempts, files, problem, version, ...row }: ScanRow): LogScan {
  const progress: ScanProgress = {
    ...{ files, bytesTotal: Number(row.bytes_total), bytesRead: Number(row.bytes_read) },
    ...{ linesMatched: Number(row.lines_matched), linesKept: Number(row.lines_kept) },
  }
  return {
    ...{ id, node, source, status, attempts, problem, version, ...progress },
    ...{ paths: Paths.parse(JSON.parse(row.paths)), keeps: row.keeps === 1 },
    ...{ since: numberOrNull(row.since_ms), until: numberOrNull(row.until_ms) },
    ...{
      patternsVersion: Number(row.patterns_version),
      createdAt: Number(row.created_at_ms),
      createdBy: row.created_by,
    },
    ...{ startedAt: numberOrNull(row.started_at_ms), endedAt: numberOrNull(row.ended_at_ms) },
  }
}
