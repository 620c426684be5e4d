import { assert } from '../../../kernel/assert.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader, Tx } from '../../../platform/database/database.ts'
import { isDuplicate } from '../../../platform/database/failures.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import { type Meetings, upsertRows } from '../../../platform/database/upsert.ts'
import { type FollowStep, StepConflict } from '../../app/match-store.ts'
import type { Generation } from '../../domain/follow/generation.ts'
import { type GenerationRow, generationColumns, toGeneration } from './generation-rows.ts'
import type { GenerationValues, LogModels } from './models.ts'
import { chunksOf } from './row-text.ts'

const select = `SELECT ${generationColumns} FROM log_generations g`

function fromGeneration({ head, tail, ...generation }: Generation, nowMs: number): GenerationValues {
  const { id, source, node, path, device, inode, offset, size, newlines, isEnded, losses } = generation
  return {
    ...{ id, source, node, path, device, inode, newlines },
    headBytes: head.bytes,
    headHash: head.hash,
    offsetBytes: offset,
    tailBytes: tail.bytes,
    tailHash: tail.hash,
    sizeBytes: size,
    isEnded: isEnded ? 1 : 0,
    losses: JSON.stringify(losses),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  }
}

/** Those that go on, and those that changed last at `endedSinceMs` or later. */
export async function loadGenerations(
  reader: Reader,
  node: string,
  sources: readonly string[],
  endedSinceMs: number,
): Promise<Generation[]> {
  if (sources.length === 0) return []
  const rows = await reader.select<GenerationRow>(
    `${select} WHERE node = :node AND source IN (:sources) AND is_ended = 0
     UNION ALL ${select} WHERE node = :node AND source IN (:sources) AND is_ended = 1 AND updated_at_ms >= :endedSinceMs`,
    { node, sources, endedSinceMs },
  )
  return rows.map(toGeneration)
}

const moved: Meetings<GenerationValues> = {
  path: 'replace',
  device: 'replace',
  inode: 'replace',
  headBytes: 'replace',
  headHash: 'replace',
  offsetBytes: 'replace',
  newlines: 'replace',
  tailBytes: 'replace',
  tailHash: 'replace',
  sizeBytes: 'replace',
  isEnded: 'replace',
  losses: 'replace',
  updatedAtMs: 'replace',
}

/** Moves each generation on from where it was read, and keeps it locked. Throws StepConflict. */
export async function moveGenerations(
  tx: Tx,
  models: LogModels,
  steps: readonly FollowStep[],
  nowMs: number,
): Promise<void> {
  const sorted = [...steps].sort((a, b) => (a.generation.id < b.generation.id ? -1 : 1))
  assert(new Set(sorted.map(({ generation }) => generation.id)).size === sorted.length, 'each generation has one step')
  for (const part of chunksOf(sorted)) {
    const offsets = await lockOffsets(
      tx,
      part.map(({ generation }) => generation.id),
    )
    for (const { generation, before } of part)
      if ((offsets.get(generation.id) ?? null) !== before) throw new StepConflict(generation.id)
    const rowsOf = (isNew: boolean) =>
      part
        .filter(({ before }) => (before === null) === isNew)
        .map(({ generation }) => fromGeneration(generation, nowMs))
    await upsertRows(tx, models.generations, rowsOf(false), moved)
    await insertNew(tx, models, rowsOf(true))
  }
}

async function lockOffsets(tx: Tx, ids: readonly string[]): Promise<Map<string, number>> {
  const lock = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''
  const rows = await tx.select<{ id: string; offset_bytes: Int64 }>(
    `SELECT id, offset_bytes FROM log_generations WHERE id IN (:ids) ORDER BY id ${lock}`,
    { ids },
  )
  return new Map(rows.map(({ id, offset_bytes }) => [id, Number(offset_bytes)]))
}

async function insertNew(tx: Tx, models: LogModels, rows: readonly GenerationValues[]): Promise<void> {
  try {
    await insertRows(tx, models.generations, rows)
  } catch (error) {
    if (!isDuplicate(error)) throw error
    // What is not there cannot be locked: somebody else has just made it.
    const [taken] = await lockOffsets(
      tx,
      rows.map(({ id }) => id),
    )
    throw new StepConflict(taken?.[0] ?? (rows[0] as GenerationValues).id)
  }
}
