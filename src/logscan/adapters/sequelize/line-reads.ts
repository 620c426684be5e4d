import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader } from '../../../platform/database/database.ts'
import type { LineReads } from '../../app/ports.ts'
import { type GenerationRow, generationColumns, toGeneration } from './generation-rows.ts'

interface FoundRow extends GenerationRow {
  length_bytes: Int64
  line: Int64
}

export function lineReads(reader: Reader): LineReads {
  return {
    async find({ generation, offset }) {
      const [row] = await reader.select<FoundRow>(
        `SELECT e.length_bytes, e.line, ${generationColumns}
         FROM log_events e JOIN log_generations g ON g.id = e.generation_id
         WHERE e.generation_id = :generation AND e.offset_bytes = :offset`,
        { generation, offset },
      )
      if (row === undefined) return null
      return { generation: toGeneration(row), length: Number(row.length_bytes), line: Number(row.line) }
    },
  }
}
