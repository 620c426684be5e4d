import { DataTypes, type Sequelize } from 'sequelize'
import { columns } from '../../../platform/database/columns.ts'
import { defineTable } from '../../../platform/database/define-table.ts'

interface RuleValues {
  id: string
  name: string
  measure: string
  filter: string
  quietMs: number
  channels: string
  webhookUrl: string | null
  secretVersion: number
  isEnabled: number
  createdAtMs: number
  createdBy: string
}

interface AlertValues {
  id: string
  ruleId: string
  ruleName: string
  kind: string
  occasion: string
  groupId: string | null
  level: string
  title: string
  lineCount: number
  atMs: number
}

interface DeliveryValues {
  id: string
  alertId: string
  ruleId: string
  channel: string
  status: string
  attempts: number
  nextAttemptAtMs: number
  problem: string | null
  updatedAtMs: number
}

const { int32, int64, text } = columns
const id = DataTypes.CHAR(36)

/** The models of alerts: one set for every dialect. */
export function defineAlertModels(sequelize: Sequelize) {
  return {
    rules: defineTable<RuleValues>(sequelize, 'log_alert_rules', ['id'], {
      id,
      name: text(80),
      measure: DataTypes.TEXT,
      filter: DataTypes.TEXT,
      quietMs: int64,
      channels: DataTypes.TEXT,
      webhookUrl: text(2000),
      secretVersion: int32,
      isEnabled: int32,
      createdAtMs: int64,
      createdBy: text(60),
    }),
    alerts: defineTable<AlertValues>(sequelize, 'log_alerts', ['id'], {
      id,
      ruleId: id,
      ruleName: text(80),
      kind: text(10),
      occasion: text(80),
      groupId: DataTypes.CHAR(16),
      level: text(5),
      title: text(200),
      lineCount: int64,
      atMs: int64,
    }),
    deliveries: defineTable<DeliveryValues>(sequelize, 'log_alert_deliveries', ['id'], {
      id,
      alertId: id,
      ruleId: id,
      channel: text(10),
      status: text(10),
      attempts: int32,
      nextAttemptAtMs: int64,
      problem: text(300),
      updatedAtMs: int64,
    }),
  }
}

export type AlertModels = ReturnType<typeof defineAlertModels>
