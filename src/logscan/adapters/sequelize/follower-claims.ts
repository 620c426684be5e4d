import { z } from 'zod'
import type { Clock } from '../../../kernel/clock.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Database, Reader, Tx } from '../../../platform/database/database.ts'
import { isDuplicate } from '../../../platform/database/failures.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import { ClaimLost, type FollowerClaims, type FollowerState, type Holder } from '../../app/follower-claims.ts'
import type { FollowStep } from '../../app/match-store.ts'
import { defineLogModels } from './models.ts'

interface ClaimRow {
  source: string
  holder: string
  beat: Int64
}

interface SignRow {
  node: string
  source: string
  holder: string
  paths: string
  files: number
  lag_bytes: Int64
  read_bytes: Int64
  updated_at_ms: Int64
}

const Paths = z.array(z.string())
/** More would be no list for people. */
const signsMax = 10_000

export function createFollowerClaims(database: Database, clock: Clock): FollowerClaims {
  const models = defineLogModels(database.sequelize)
  const nowMs = () => clock.now().getTime()
  return {
    async read(node, sources) {
      if (sources.length === 0) return []
      const rows = await database.select<ClaimRow>(
        'SELECT source, holder, beat FROM log_followers WHERE node = :node AND source IN (:sources)',
        { node, sources },
      )
      return rows.map(({ source, holder, beat }) => ({ source, holder, beat: Number(beat) }))
    },

    take: (node, { source, paths, files, lagBytes, readBytes }, from, holder) =>
      database.transaction(async (tx) => {
        const shown = { paths: JSON.stringify(paths), files, lagBytes, readBytes, updatedAtMs: nowMs() }
        if (from !== null) {
          const taken = await tx.change(
            `UPDATE log_followers SET holder = :holder, beat = beat + 1, paths = :paths, files = :files,
               lag_bytes = :lagBytes, read_bytes = :readBytes, updated_at_ms = :updatedAtMs
             WHERE node = :node AND source = :source AND holder = :before AND beat = :beat`,
            { node, source, holder, before: from.holder, beat: from.beat, ...shown },
          )
          return taken === 1
        }
        try {
          await insertRows(tx, models.followers, [{ node, source, holder, beat: 1, ...shown }])
          return true
        } catch (error) {
          if (isDuplicate(error)) return false
          throw error
        }
      }),

    beat: (node, holder, states) =>
      database.transaction(async (tx) => {
        const updatedAtMs = nowMs()
        await tx.change(
          'UPDATE log_followers SET beat = beat + 1, updated_at_ms = :updatedAtMs WHERE node = :node AND holder = :holder',
          { node, holder, updatedAtMs },
        )
        for (const { source, paths, files, lagBytes, readBytes } of states)
          await tx.change(
            `UPDATE log_followers SET paths = :paths, files = :files, lag_bytes = :lagBytes, read_bytes = :readBytes
             WHERE node = :node AND source = :source AND holder = :holder`,
            { node, source, holder, paths: JSON.stringify(paths), files, lagBytes, readBytes },
          )
      }),

    release: (node, source, holder) =>
      database.transaction(async (tx) => {
        await tx.change(
          `UPDATE log_followers SET holder = '', files = 0, lag_bytes = 0, updated_at_ms = :updatedAtMs
           WHERE node = :node AND source = :source AND holder = :holder`,
          { node, source, holder, updatedAtMs: nowMs() },
        )
      }),
  }
}

/** What a machine last said of a source that it follows, or did; times are in ms since the epoch. */
export interface FollowerSign extends FollowerState {
  readonly node: string
  /** Whether a process has a claim to it. */
  readonly isHeld: boolean
  readonly updatedAt: number
}

/** Of all sources unless they are named; by their names, and those of the machines. */
export async function followerSigns(reader: Reader, sources: readonly string[] | null): Promise<FollowerSign[]> {
  if (sources?.length === 0) return []
  const rows = await reader.select<SignRow>(
    `SELECT node, source, holder, paths, files, lag_bytes, read_bytes, updated_at_ms FROM log_followers
     ${sources === null ? '' : 'WHERE source IN (:sources)'} ORDER BY source, node LIMIT :signsMax`,
    { sources: sources ?? [], signsMax },
  )
  return rows.map(({ node, source, holder, files, ...row }) => ({
    ...{ node, source, files, isHeld: holder !== '', paths: Paths.parse(JSON.parse(row.paths)) },
    ...{ lagBytes: Number(row.lag_bytes), readBytes: Number(row.read_bytes), updatedAt: Number(row.updated_at_ms) },
  }))
}

/** Nobody takes the sources of the steps over until this transaction has ended. Throws ClaimLost. */
export async function requireClaims(tx: Tx, steps: readonly FollowStep[], holder: Holder): Promise<void> {
  const lock = tx.dialect === 'mysql' ? 'LOCK IN SHARE MODE' : ''
  const claimed = new Map(steps.map(({ generation: { node, source } }) => [`${node}\0${source}`, { node, source }]))
  for (const { node, source } of claimed.values()) {
    const [row] = await tx.select<{ holder: string }>(
      `SELECT holder FROM log_followers WHERE node = :node AND source = :source ${lock}`,
      { node, source },
    )
    if (row?.holder !== holder) throw new ClaimLost(source)
  }
}
