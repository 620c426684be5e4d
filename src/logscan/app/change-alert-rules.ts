import type { Actor } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { AlertFilter, AlertRule } from '../domain/alert/alert-rule.ts'
import type { LogsStore, LogsTx } from './ports.ts'
import { staffName } from './staff-name.ts'

interface ChangeAlertRulesDeps {
  readonly store: LogsStore
  readonly clock: Clock
  readonly ids: Ids
  readonly rulesMax: number
  /** Says why a webhook cannot go there; null if it can. */
  refuseUrl(url: string): string | null
}

export type AlertRuleInput = Omit<AlertRule, 'id' | 'secretVersion' | 'createdAt'>
export type AlertRuleChange = Partial<Omit<AlertRuleInput, 'filter'>> & { readonly filter: Partial<AlertFilter> }

export interface AlertRuleChanged {
  readonly before: AlertRule
  readonly rule: AlertRule
}

/**
 * What staff do to alert rules; each throws `logs.alert_rule_not_found` where there is none, and what makes or changes one
 * `logs.alert_rule_taken` and `logs.alert_webhook_invalid`.
 */
export function changeAlertRules({ store, clock, ids, rulesMax, refuseUrl }: ChangeAlertRulesDeps) {
  /** A webhook and its address come together. */
  function requireWebhook({ channels, webhookUrl }: Pick<AlertRule, 'channels' | 'webhookUrl'>): void {
    const hasChannel = channels.includes('webhook')
    const problem =
      hasChannel && webhookUrl === null
        ? 'must be given for the channel webhook'
        : !hasChannel && webhookUrl !== null
          ? 'must be left out without the channel webhook'
          : webhookUrl === null
            ? null
            : refuseUrl(webhookUrl)
    if (problem !== null)
      throw new DomainError('logs.alert_webhook_invalid', 'invalid', { field: 'webhookUrl', rule: problem })
  }

  async function change(
    actor: Actor,
    id: string,
    action: string,
    how: (rule: AlertRule) => AlertRule,
    detailsOf: (rule: AlertRule) => Readonly<Record<string, unknown>>,
  ): Promise<AlertRuleChanged> {
    return store.transaction(async (tx) => {
      const before = await lockRule(tx, id)
      const rule = how(before)
      requireWebhook(rule)
      if (!(await tx.alertRules.save(rule))) throw taken(rule.name)
      await audit(tx, actor, action, id, detailsOf(rule))
      return { before, rule }
    })
  }

  return {
    /** Throws `logs.too_many_alert_rules` as well. */
    create: async (actor: Actor, input: AlertRuleInput): Promise<AlertRule> => {
      requireWebhook(input)
      const rule: AlertRule = { ...input, id: ids.next(), secretVersion: 1, createdAt: clock.now().getTime() }
      await store.transaction(async (tx) => {
        if ((await tx.alertRules.count()) >= rulesMax)
          throw new DomainError('logs.too_many_alert_rules', 'conflict', { max: rulesMax })
        if (!(await tx.alertRules.insert(rule, staffName(actor)))) throw taken(rule.name)
        await audit(tx, actor, 'created', rule.id, shown(rule))
      })
      return rule
    },

    /** What is not named stays. */
    update: (actor: Actor, id: string, { filter, ...wanted }: AlertRuleChange) =>
      change(actor, id, 'updated', (rule) => ({ ...rule, ...wanted, filter: { ...rule.filter, ...filter } }), shown),

    setEnabled: (actor: Actor, id: string, isEnabled: boolean) =>
      change(
        actor,
        id,
        isEnabled ? 'enabled' : 'disabled',
        (rule) => ({ ...rule, isEnabled }),
        ({ name }) => ({ name }),
      ),

    /** The secret before it signs nothing any more. */
    rotateSecret: (actor: Actor, id: string) =>
      change(
        actor,
        id,
        'secret_rotated',
        (rule) => ({ ...rule, secretVersion: rule.secretVersion + 1 }),
        ({ secretVersion }) => ({ secretVersion }),
      ),

    /** What it raised stays. */
    remove: (actor: Actor, id: string): Promise<void> =>
      store.transaction(async (tx) => {
        const { name } = await lockRule(tx, id)
        await tx.alertRules.remove(id)
        await audit(tx, actor, 'removed', id, { name })
      }),

    /** Raises an alert that says it is a test, on all channels of the rule. */
    test: (actor: Actor, id: string): Promise<void> =>
      store.transaction(async (tx) => {
        const rule = await lockRule(tx, id)
        const title = `A test of the alert rule ${rule.name}`
        const { minLevel: level } = rule.filter
        await tx.alerts.raise(rule, [
          { kind: 'test', occasion: `test:${ids.next()}`, group: null, level, title, lines: 0 },
        ])
        await audit(tx, actor, 'tested', id, {})
      }),

    /** Throws `logs.alert_delivery_not_found`. */
    redeliver: (actor: Actor, deliveryId: string): Promise<void> =>
      store.transaction(async (tx) => {
        if (!(await tx.alerts.again(deliveryId)))
          throw new DomainError('logs.alert_delivery_not_found', 'not_found', { field: 'id', id: deliveryId })
        const subject = `log_alert_delivery:${deliveryId}`
        await tx.audit([{ actor: staffName(actor), action: 'log_alert.redelivered', subject, details: {} }])
      }),
  }
}

async function lockRule(tx: LogsTx, id: string): Promise<AlertRule> {
  const rule = await tx.alertRules.lock(id)
  if (rule === null) throw new DomainError('logs.alert_rule_not_found', 'not_found', { field: 'id', id })
  return rule
}

const taken = (name: string) => new DomainError('logs.alert_rule_taken', 'conflict', { field: 'name', name })

function shown({ name, measure, filter, quietMs, channels, webhookUrl, isEnabled }: AlertRule) {
  return { name, measure, filter, quietMs, channels, webhookUrl, isEnabled }
}

function audit(
  tx: LogsTx,
  actor: Actor,
  what: string,
  id: string,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  const subject = `log_alert_rule:${id}`
  return tx.audit([{ actor: staffName(actor), action: `log_alert_rule.${what}`, subject, details }])
}
