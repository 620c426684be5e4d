import { DataTypes, type Model, type Sequelize } from 'sequelize'
import { columns } from '../../../platform/database/columns.ts'
import type { Table } from './models.ts'

export interface PatternValues {
  id: string
  title: string
  level: string
  regex: string | null
  anyOf: string | null
  ignoreCase: number
  isEnabled: number
  version: number
  createdAtMs: number
  updatedAtMs: number
}

interface PatternVersionValues {
  version: number
  atMs: number
  actor: string
}

interface SourceValues {
  id: string
  name: string
  paths: string
  isPaused: number
  createdAtMs: number
  createdBy: string
}

const { int32, int64, text } = columns

/** The models of what staff set: one set for every dialect. */
export function defineSettingModels(sequelize: Sequelize) {
  const patterns: Table<PatternValues> = sequelize.define<Model<PatternValues, PatternValues>>('log_patterns', {
    id: { type: text(60), primaryKey: true },
    title: text(200),
    level: text(5),
    regex: DataTypes.TEXT,
    anyOf: DataTypes.TEXT,
    ignoreCase: int32,
    isEnabled: int32,
    version: int64,
    createdAtMs: int64,
    updatedAtMs: int64,
  })
  const versions: Table<PatternVersionValues> = sequelize.define<Model<PatternVersionValues, PatternVersionValues>>(
    'log_pattern_versions',
    { version: { type: int64, primaryKey: true }, atMs: int64, actor: text(60) },
  )
  const sources: Table<SourceValues> = sequelize.define<Model<SourceValues, SourceValues>>('log_sources', {
    id: { type: DataTypes.CHAR(36), primaryKey: true },
    name: text(80),
    paths: DataTypes.TEXT,
    isPaused: int32,
    createdAtMs: int64,
    createdBy: text(60),
  })
  return { patterns, versions, sources }
}

export type SettingModels = ReturnType<typeof defineSettingModels>
