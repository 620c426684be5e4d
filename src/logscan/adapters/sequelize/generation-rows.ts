import { z } from 'zod'
import type { Int64 } from '../../../platform/database/columns.ts'
import { type Generation, type Loss, lossReasons } from '../../domain/follow/generation.ts'

export interface GenerationRow {
  id: string
  source: string
  node: string
  path: string
  device: string
  inode: string
  head_bytes: number
  head_hash: string
  offset_bytes: Int64
  newlines: Int64
  tail_bytes: number
  tail_hash: string
  size_bytes: Int64
  is_ended: number
  losses: string
}

/** Of `log_generations g`. */
export const generationColumns = `g.id, g.source, g.node, g.path, g.device, g.inode, g.head_bytes, g.head_hash, g.offset_bytes,
  g.newlines, g.tail_bytes, g.tail_hash, g.size_bytes, g.is_ended, g.losses`

const StoredLosses = z.array(z.object({ reason: z.enum(lossReasons), bytes: z.number() }))

export const readLosses = (losses: string): readonly Loss[] => StoredLosses.parse(JSON.parse(losses))

export function toGeneration({ id, source, node, path, device, inode, ...row }: GenerationRow): Generation {
  return {
    ...{ id, source, node, path, device, inode },
    head: { bytes: row.head_bytes, hash: row.head_hash },
    offset: Number(row.offset_bytes),
    size: Number(row.size_bytes),
    newlines: Number(row.newlines),
    tail: { bytes: row.tail_bytes, hash: row.tail_hash },
    isEnded: row.is_ended === 1,
    losses: readLosses(row.losses),
  }
}
