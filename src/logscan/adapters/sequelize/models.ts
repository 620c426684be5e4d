import { DataTypes, type Sequelize } from 'sequelize'
import { columns } from '../../../platform/database/columns.ts'
import { defineTable } from '../../../platform/database/define-table.ts'

export interface GenerationValues {
  id: string
  source: string
  node: string
  path: string
  device: string
  inode: string
  headBytes: number
  headHash: string
  offsetBytes: number
  newlines: number
  tailBytes: number
  tailHash: string
  sizeBytes: number
  isEnded: number
  losses: string
  createdAtMs: number
  updatedAtMs: number
}

interface FollowerValues {
  node: string
  source: string
  holder: string
  beat: number
  paths: string
  files: number
  lagBytes: number
  readBytes: number
  updatedAtMs: number
}

interface GroupValues {
  id: string
  version: number
  template: string
  title: string
  level: string
  status: string
  statusSinceMs: number
  ignoredUntilMs: number | null
  ignoredUntilCount: number | null
  assignee: string | null
  count: number
  firstSeenMs: number
  lastSeenMs: number
  firstStoredAtMs: number
  patterns: string
  sample: string
  rowVersion: number
  mergedInto: string | null
}

interface GroupChangeValues {
  id: string
  groupId: string
  atMs: number
  fromStatus: string
  toStatus: string
  reason: string
  actor: string | null
}

export interface EventValues {
  generationId: string
  offsetBytes: number
  lengthBytes: number
  line: number
  level: string
  timeMs: number | null
  seenAtMs: number
  groupId: string
  patterns: string
  patternsVersion: number
  text: string | null
}

export interface HourValues {
  bucketMs: number
  groupId: string
  level: string
  source: string
  count: number
}

export type TotalValues = Omit<HourValues, 'groupId'>

export interface MinuteValues extends HourValues {
  /** Lines of these that were kept with their text. */
  texts: number
}

/** Longer ones are cut: in UTF-16 units, of which a column's character is one or two. */
export const titleMaxLength = 200
export const templateMaxLength = 8000
export const textMaxLength = 4096
export const reasonMaxLength = 200
/** A group keeps so many ids of the patterns that were seen in it. */
export const groupPatternsMax = 50

const { int32, int64, text } = columns
const id = DataTypes.CHAR(36)
const group = DataTypes.CHAR(16)
const source = text(500)
const level = text(5)
const status = text(10)

/** The models of this context: one set for every dialect. */
export function defineLogModels(sequelize: Sequelize) {
  const bucket = { bucketMs: int64, groupId: group, level, source, count: int64 }
  return {
    generations: defineTable<GenerationValues>(sequelize, 'log_generations', ['id'], {
      id,
      source,
      node: text(255),
      path: text(4096),
      device: text(20),
      inode: text(20),
      headBytes: int32,
      headHash: text(64),
      offsetBytes: int64,
      newlines: int64,
      tailBytes: int32,
      tailHash: text(64),
      sizeBytes: int64,
      isEnded: int32,
      losses: DataTypes.TEXT,
      createdAtMs: int64,
      updatedAtMs: int64,
    }),
    followers: defineTable<FollowerValues>(sequelize, 'log_followers', ['node', 'source'], {
      node: text(255),
      source,
      holder: text(120),
      beat: int64,
      paths: DataTypes.TEXT,
      files: int32,
      lagBytes: int64,
      readBytes: int64,
      updatedAtMs: int64,
    }),
    groups: defineTable<GroupValues>(sequelize, 'log_groups', ['id'], {
      id: group,
      version: int32,
      template: text(templateMaxLength),
      title: text(titleMaxLength),
      level,
      status,
      statusSinceMs: int64,
      ignoredUntilMs: int64,
      ignoredUntilCount: int64,
      assignee: id,
      count: int64,
      firstSeenMs: int64,
      lastSeenMs: int64,
      firstStoredAtMs: int64,
      patterns: DataTypes.TEXT,
      sample: text(textMaxLength),
      rowVersion: int32,
      mergedInto: group,
    }),
    groupChanges: defineTable<GroupChangeValues>(sequelize, 'log_group_changes', ['id'], {
      id,
      groupId: group,
      atMs: int64,
      fromStatus: status,
      toStatus: status,
      reason: text(reasonMaxLength),
      actor: text(60),
    }),
    events: defineTable<EventValues>(sequelize, 'log_events', ['generationId', 'offsetBytes'], {
      generationId: id,
      offsetBytes: int64,
      lengthBytes: int64,
      line: int64,
      level,
      timeMs: int64,
      seenAtMs: int64,
      groupId: group,
      patterns: DataTypes.TEXT,
      patternsVersion: int64,
      text: text(textMaxLength),
    }),
    minutes: defineTable<MinuteValues>(sequelize, 'log_minutes', ['bucketMs', 'groupId', 'level', 'source'], {
      ...bucket,
      texts: int64,
    }),
    totals: defineTable<TotalValues>(sequelize, 'log_hour_totals', ['bucketMs', 'source', 'level'], {
      bucketMs: int64,
      source,
      level,
      count: int64,
    }),
    hours: defineTable<HourValues>(sequelize, 'log_hours', ['bucketMs', 'groupId', 'level', 'source'], bucket),
  }
}

export type LogModels = ReturnType<typeof defineLogModels>
