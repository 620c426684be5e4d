import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader } from '../../../platform/database/database.ts'
import type { LineReads } from '../../app/ports.ts'
import type { Generation } from '../../domain/follow/generation.ts'

interface FoundRow {
  length_bytes: Int64
  line: Int64
  id: string
  source: string
  path: string
  device: string
  inode: string
  head_bytes: number
  head_hash: string
  offset_bytes: Int64
  newlines: Int64
  tail_bytes: number
  tail_hash: string
  is_ended: number
}

export function lineReads(reader: Reader): LineReads {
  return {
    async find({ generation, offset }) {
      const [row] = await reader.select<FoundRow>(
        `SELECT e.length_bytes, e.line, g.id, g.source, g.path, g.device, g.inode, g.head_bytes, g.head_hash, g.offset_bytes,
           g.newlines, g.tail_bytes, g.tail_hash, g.is_ended
         FROM log_events e JOIN log_generations g ON g.id = e.generation_id
         WHERE e.generation_id = :generation AND e.offset_bytes = :offset`,
        { generation, offset },
      )
      if (row === undefined) return null
      return { generation: toGeneration(row), length: Number(row.length_bytes), line: Number(row.line) }
    },
  }
}

function toGeneration({ id, source, path, device, inode, ...row }: FoundRow): Generation {
  return {
    ...{ id, source, path, device, inode, losses: [] },
    head: { bytes: row.head_bytes, hash: row.head_hash },
    offset: Number(row.offset_bytes),
    newlines: Number(row.newlines),
    tail: { bytes: row.tail_bytes, hash: row.tail_hash },
    isEnded: row.is_ended === 1,
  }
}
