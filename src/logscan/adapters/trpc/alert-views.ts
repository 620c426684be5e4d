import type { LogAlertDeliveryView, LogAlertRuleView, LogAlertView } from '#contract'
import type { LogAlert } from '../../app/alert-ports.ts'
import type { AlertRule } from '../../domain/alert/alert-rule.ts'
import type { ListedDelivery } from '../sequelize/alert-lists.ts'

const iso = (ms: number) => new Date(ms).toISOString()

export function viewRule({
  id,
  name,
  measure,
  filter,
  quietMs,
  channels,
  webhookUrl,
  ...rule
}: AlertRule): LogAlertRuleView {
  return {
    ...{ id, name, measure, ...filter, quietMs, channels: [...channels], webhookUrl },
    ...{ isEnabled: rule.isEnabled, createdAt: iso(rule.createdAt) },
  }
}

export function viewAlert({ id, ruleId, ruleName, kind, group, level, title, lines, at }: LogAlert): LogAlertView {
  return { id, rule: { id: ruleId, name: ruleName }, kind, group, level, title, lines, at: iso(at) }
}

export function viewDelivery({
  alertId,
  ruleId,
  nextAttemptAt,
  updatedAt,
  ...delivery
}: ListedDelivery): LogAlertDeliveryView {
  return {
    ...{ ...delivery, alert: alertId, rule: ruleId, updatedAt: iso(updatedAt) },
    nextAttemptAt: nextAttemptAt === null ? null : iso(nextAttemptAt),
  }
}
