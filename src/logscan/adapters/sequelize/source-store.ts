import { z } from 'zod'
import { type Page, type PageRequest, toPage } from '../../../kernel/page.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader, Tx } from '../../../platform/database/database.ts'
import { isDuplicate } from '../../../platform/database/failures.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import type { LogSource, SourceReads, SourceWrites } from '../../app/ports.ts'
import type { SettingModels } from './setting-models.ts'

interface SourceRow {
  id: string
  name: string
  paths: string
  is_paused: number
  created_at_ms: Int64
  created_by: string
}

const Paths = z.array(z.string())
const select = 'SELECT id, name, paths, is_paused, created_at_ms, created_by FROM log_sources'

export function sourceReads(reader: Reader): SourceReads {
  return {
    all: async () => (await reader.select<SourceRow>(`${select} ORDER BY name`)).map(toSource),
  }
}

/** Newest first. */
export async function sourcePage(reader: Reader, { beforeId, limit }: PageRequest): Promise<Page<LogSource>> {
  const rows = await reader.select<SourceRow>(
    `${select} ${beforeId === null ? '' : 'WHERE id < :beforeId'} ORDER BY id DESC LIMIT :rows`,
    { beforeId, rows: limit + 1 },
  )
  return toPage(rows.map(toSource), limit)
}

export function sourceWrites(tx: Tx, models: SettingModels): SourceWrites {
  const lock = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''
  return {
    async count() {
      const [row] = await tx.select<{ sources: number | string }>('SELECT COUNT(*) AS sources FROM log_sources')
      return Number(row?.sources ?? 0)
    },

    async insert({ id, name, paths, isPaused, createdAt, createdBy }) {
      const row = { id, name, createdBy, paths: JSON.stringify(paths), isPaused: isPaused ? 1 : 0 }
      try {
        await insertRows(tx, models.sources, [{ ...row, createdAtMs: createdAt.getTime() }])
        return true
      } catch (error) {
        if (isDuplicate(error)) return false
        throw error
      }
    },

    async lock(id) {
      const [row] = await tx.select<SourceRow>(`${select} WHERE id = :id ${lock}`, { id })
      return row === undefined ? null : toSource(row)
    },

    async setPaused(id, isPaused) {
      await tx.change('UPDATE log_sources SET is_paused = :isPaused WHERE id = :id', { id, isPaused: isPaused ? 1 : 0 })
    },

    async remove(id) {
      await tx.change('DELETE FROM log_sources WHERE id = :id', { id })
    },
  }
}

function toSource({ id, name, paths, is_paused, created_at_ms, created_by }: SourceRow): LogSource {
  return {
    ...{ id, name, paths: Paths.parse(JSON.parse(paths)), isPaused: is_paused === 1 },
    createdAt: new Date(Number(created_at_ms)),
    createdBy: created_by,
  }
}
