import { isIP } from 'node:net'
import type { Clock } from '../kernel/clock.ts'
import type { Ids } from '../kernel/ids.ts'
import { alertPage, deliveryPage } from '../logscan/adapters/sequelize/alert-lists.ts'
import { alertRulePage, alertRuleReads } from '../logscan/adapters/sequelize/alert-rules.ts'
import { alertCounts, createAlertQueue } from '../logscan/adapters/sequelize/alert-store.ts'
import { viewAlert } from '../logscan/adapters/trpc/alert-views.ts'
import type { AlertDelivery, LogAlert } from '../logscan/app/alert-ports.ts'
import { changeAlertRules } from '../logscan/app/change-alert-rules.ts'
import { deliverAlerts } from '../logscan/app/deliver-alerts.ts'
import { judgeCounts } from '../logscan/app/judge-counts.ts'
import type { LogsStore } from '../logscan/app/ports.ts'
import type { Config } from '../platform/config.ts'
import type { Database } from '../platform/database/database.ts'
import { startLoop } from '../platform/lifecycle.ts'
import type { Logger } from '../platform/log.ts'
import type { Resources } from '../platform/resources.ts'
import { isPublicAddress } from '../platform/webhooks-out/public-address.ts'
import { createWebhookSender } from '../platform/webhooks-out/send-webhook.ts'
import type { WebhookSecrets } from '../platform/webhooks-out/webhook-secrets.ts'

interface BuildAlerts {
  readonly store: LogsStore
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly config: Config
  readonly secrets: WebhookSecrets
}

/** On top of the wait for an answer. */
const leaseSlackMs = 20_000

/** Alerts of the Log Scanner: their rules, when they are raised, and how they reach people. */
export function buildAlerts({ store, database, clock, ids, log, config, secrets }: BuildAlerts) {
  const rules = alertRuleReads(database)
  const secretOf = (ruleId: string, version: number) => secrets.of(`log-alert-rule:${ruleId}`, version)
  const sender = createWebhookSender({
    timeoutMs: config.WEBHOOK_OUT_TIMEOUT_MS,
    allowPrivate: config.WEBHOOK_OUT_ALLOW_PRIVATE,
    now: () => clock.now(),
  })

  async function post({ alert, webhook }: AlertDelivery): Promise<string | null> {
    if (webhook === null) return 'the rule has no webhook any more'
    const { at, ...rest } = viewAlert(alert)
    const body = JSON.stringify({ type: 'logs.alert', timestamp: at, data: { at, ...rest } })
    const secret = secretOf(alert.ruleId, webhook.secretVersion)
    const outcome = await sender.send({ id: alert.id, url: webhook.url, secret, body })
    return outcome.ok ? null : outcome.problem
  }

  return {
    router: {
      rules: changeAlertRules({
        ...{ store, clock, ids, rulesMax: config.LOG_ALERT_RULES_MAX },
        refuseUrl: (url) => (config.WEBHOOK_OUT_ALLOW_PRIVATE ? null : problemOf(new URL(url))),
      }),
      rulePage: (page: Parameters<typeof alertRulePage>[1]) => alertRulePage(database, page),
      alertPage: (request: Parameters<typeof alertPage>[1]) => alertPage(database, request),
      deliveryPage: (request: Parameters<typeof deliveryPage>[1]) => deliveryPage(database, request),
      secretOf: ({ id, secretVersion }: { id: string; secretVersion: number }) => secretOf(id, secretVersion),
    },

    /** Judges what rules count, and delivers what was raised. `tell` pushes an alert to whoever listens. */
    startLoops(resources: Resources, tell: (alert: LogAlert) => Promise<void>): void {
      const judge = judgeCounts({ store, rules, counts: alertCounts(database), clock })
      const deliveries = deliverAlerts({
        queue: createAlertQueue(database, clock),
        clock,
        channels: {
          async log({ alert: { ruleName, kind, group, title, lines, level } }) {
            log.warn({ alert: ruleName, kind, group, lines, level }, title)
            return null
          },
          async socket({ alert }) {
            await tell(alert)
            return null
          },
          webhook: post,
        },
        limits: {
          concurrencyMax: config.LOG_ALERT_DELIVERIES_MAX,
          perRuleMax: config.LOG_ALERT_DELIVERIES_PER_RULE_MAX,
          attemptsMax: config.WEBHOOK_OUT_ATTEMPTS_MAX,
          firstRetryMs: config.WEBHOOK_OUT_RETRY_MS,
          retryMaxMs: config.WEBHOOK_OUT_RETRY_MAX_MS,
          leaseMs: config.WEBHOOK_OUT_TIMEOUT_MS + leaseSlackMs,
        },
        random: Math.random,
        onFailed: ({ id, channel, alert }, problem) =>
          log.error({ delivery: id, channel, alert: alert.ruleName, problem }, 'an alert was not delivered'),
        onUnsettled: ({ id }, error) => log.warn({ err: error, delivery: id }, 'an alert is delivered again'),
      })
      resources.use(startLoop({ name: 'alert rules', intervalMs: config.LOG_ALERT_LOOK_MS, work: judge, log }))
      resources.defer(() => deliveries.settled())
      const intervalMs = config.LOG_ALERT_POLL_MS
      resources.use(startLoop({ name: 'alert deliveries', intervalMs, work: () => deliveries.begin(), log }))
    },
  }
}

/** What can be seen of an address before it is resolved. */
function problemOf({ protocol, hostname, username, password }: URL): string | null {
  if (protocol !== 'https:') return 'must begin with https://'
  if (username !== '' || password !== '') return 'must have no user and password'
  const host = hostname.replace(/^\[|\]$/g, '')
  const isPrivate = host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && !isPublicAddress(host))
  return isPrivate ? 'must be a public address' : null
}
