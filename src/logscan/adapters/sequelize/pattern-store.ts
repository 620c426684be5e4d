import { z } from 'zod'
import { assert } from '../../../kernel/assert.ts'
import type { Clock } from '../../../kernel/clock.ts'
import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader, Tx } from '../../../platform/database/database.ts'
import { insertRows } from '../../../platform/database/insert.ts'
import { upsertRows } from '../../../platform/database/upsert.ts'
import type { PatternReads, PatternWrites } from '../../app/ports.ts'
import type { Level, LogPattern } from '../../domain/log-pattern.ts'
import type { PatternSetting } from '../../domain/pattern-set.ts'
import { chunksOf } from './row-text.ts'
import type { PatternValues, SettingModels } from './setting-models.ts'

interface PatternRow {
  id: string
  title: string
  level: Level
  regex: string | null
  any_of: string | null
  ignore_case: number
  is_enabled: number
  version: Int64
  created_at_ms: Int64
  updated_at_ms: Int64
}

const AnyOf = z.array(z.string()).min(1)

export function patternReads(reader: Reader): PatternReads {
  return {
    async version() {
      const [row] = await reader.select<{ version: Int64 }>(
        'SELECT version FROM log_pattern_versions ORDER BY version DESC LIMIT 1',
      )
      assert(row !== undefined, 'the set of patterns has had a version from the start')
      return Number(row.version)
    },

    async all() {
      const rows = await reader.select<PatternRow>(
        `SELECT id, title, level, regex, any_of, ignore_case, is_enabled, version, created_at_ms, updated_at_ms
         FROM log_patterns ORDER BY id`,
      )
      return rows.map(toSetting)
    },
  }
}

export function patternWrites(tx: Tx, models: SettingModels, clock: Clock): PatternWrites {
  const { version, all } = patternReads(tx)
  const lock = tx.dialect === 'mysql' ? 'FOR UPDATE' : ''
  return {
    all,
    async lock() {
      // Always the same row: a lock on the newest would let in who waited for it while a newer one was made.
      await tx.select(`SELECT version FROM log_pattern_versions WHERE version = 0 ${lock}`)
      return version()
    },
    async save(next, actor, settings) {
      await insertRows(tx, models.versions, [{ version: next, atMs: clock.now().getTime(), actor }])
      const rows = settings.map(fromSetting)
      for (const part of chunksOf(rows, ({ regex, anyOf }) => (regex ?? anyOf ?? '').length))
        await upsertRows(tx, models.patterns, part, replaced)
    },
    async remove(ids) {
      if (ids.length > 0) await tx.change('DELETE FROM log_patterns WHERE id IN (:ids)', { ids })
    },
  }
}

const replaced = {
  title: 'replace',
  level: 'replace',
  regex: 'replace',
  anyOf: 'replace',
  ignoreCase: 'replace',
  isEnabled: 'replace',
  version: 'replace',
  updatedAtMs: 'replace',
} as const

function toSetting({ id, title, level, regex, any_of, ...row }: PatternRow): PatternSetting {
  const match: LogPattern['match'] | null =
    regex !== null ? { regex } : any_of !== null ? { anyOf: AnyOf.parse(JSON.parse(any_of)) } : null
  return {
    id,
    own: match === null ? null : { id, title, level, match, ignoreCase: row.ignore_case === 1 },
    isEnabled: row.is_enabled === 1,
    version: Number(row.version),
    createdAt: Number(row.created_at_ms),
    updatedAt: Number(row.updated_at_ms),
  }
}

/** What a built-in pattern looks for is not kept: it comes with the product. */
function fromSetting({ id, own, isEnabled, version, createdAt, updatedAt }: PatternSetting): PatternValues {
  const match = own?.match ?? null
  return {
    ...{ id, version, title: own?.title ?? '', level: own?.level ?? 'error' },
    regex: match !== null && 'regex' in match ? match.regex : null,
    anyOf: match !== null && 'anyOf' in match ? JSON.stringify(match.anyOf) : null,
    ignoreCase: own?.ignoreCase === true ? 1 : 0,
    isEnabled: isEnabled ? 1 : 0,
    createdAtMs: createdAt,
    updatedAtMs: updatedAt,
  }
}
