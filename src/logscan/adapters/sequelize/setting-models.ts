import { DataTypes, type Sequelize } from 'sequelize'
import { columns } from '../../../platform/database/columns.ts'
import { defineTable } from '../../../platform/database/define-table.ts'

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
  return {
    patterns: defineTable<PatternValues>(sequelize, 'log_patterns', ['id'], {
      id: text(60),
      title: text(200),
      level: text(5),
      regex: DataTypes.TEXT,
      anyOf: DataTypes.TEXT,
      ignoreCase: int32,
      isEnabled: int32,
      version: int64,
      createdAtMs: int64,
      updatedAtMs: int64,
    }),
    versions: defineTable<PatternVersionValues>(sequelize, 'log_pattern_versions', ['version'], {
      version: int64,
      atMs: int64,
      actor: text(60),
    }),
    sources: defineTable<SourceValues>(sequelize, 'log_sources', ['id'], {
      id: DataTypes.CHAR(36),
      name: text(80),
      paths: DataTypes.TEXT,
      isPaused: int32,
      createdAtMs: int64,
      createdBy: text(60),
    }),
  }
}

export type SettingModels = ReturnType<typeof defineSettingModels>
