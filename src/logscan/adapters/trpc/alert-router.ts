import type { z } from 'zod'
import {
  CreateLogAlertRuleInput,
  Done,
  LogAlertDeliveryInput,
  LogAlertDeliveryListInput,
  LogAlertDeliveryListOutput,
  LogAlertListInput,
  LogAlertListOutput,
  LogAlertRuleInput,
  LogAlertRuleListInput,
  LogAlertRuleListOutput,
  LogAlertRuleView,
  LogAlertRuleWithSecret,
  SetLogAlertRuleEnabledInput,
  UpdateLogAlertRuleInput,
} from '#contract'
import { type Page, type PageRequest, pageRequest } from '../../../kernel/page.ts'
import { type Procedures, router } from '../../../platform/trpc.ts'
import type { LogAlert } from '../../app/alert-ports.ts'
import type { AlertRuleChange, changeAlertRules } from '../../app/change-alert-rules.ts'
import type { AlertRule } from '../../domain/alert/alert-rule.ts'
import type { AlertListRequest, DeliveryListRequest, ListedDelivery } from '../sequelize/alert-lists.ts'
import { logAccess } from './access.ts'
import { viewAlert, viewDelivery, viewRule } from './alert-views.ts'

export interface AlertRouterDeps {
  readonly rules: ReturnType<typeof changeAlertRules>
  readonly rulePage: (page: PageRequest) => Promise<Page<AlertRule>>
  readonly alertPage: (request: AlertListRequest) => Promise<Page<LogAlert>>
  readonly deliveryPage: (request: DeliveryListRequest) => Promise<Page<ListedDelivery>>
  /** What signs the webhooks of a rule. */
  readonly secretOf: (rule: AlertRule) => string
}

export function createAlertRouter(procedures: Procedures, deps: AlertRouterDeps) {
  const { rules, rulePage, alertPage, deliveryPage, secretOf } = deps
  const { reading, changing } = logAccess(procedures)
  const withSecret = (rule: AlertRule, isShown: boolean) => ({
    ...viewRule(rule),
    secret: isShown && rule.webhookUrl !== null ? secretOf(rule) : null,
  })
  const done = { done: true } as const

  return router({
    list: reading
      .input(LogAlertListInput)
      .output(LogAlertListOutput)
      .query(async ({ input: { rule = null, group = null, ...page } }) => {
        const { items, nextCursor } = await alertPage({ rule, group, ...pageRequest(page) })
        return { items: items.map(viewAlert), nextCursor }
      }),
    deliveries: reading
      .input(LogAlertDeliveryListInput)
      .output(LogAlertDeliveryListOutput)
      .query(async ({ input: { alert = null, rule = null, ...page } }) => {
        const { items, nextCursor } = await deliveryPage({ alert, rule, ...pageRequest(page) })
        return { items: items.map(viewDelivery), nextCursor }
      }),
    redeliver: changing
      .input(LogAlertDeliveryInput)
      .output(Done)
      .mutation(async ({ ctx, input: { id } }) => {
        await rules.redeliver(ctx.actor, id)
        return done
      }),
    rules: router({
      list: reading
        .input(LogAlertRuleListInput)
        .output(LogAlertRuleListOutput)
        .query(async ({ input }) => {
          const { items, nextCursor } = await rulePage(pageRequest(input))
          return { items: items.map(viewRule), nextCursor }
        }),
      create: changing
        .input(CreateLogAlertRuleInput)
        .output(LogAlertRuleWithSecret)
        .mutation(async ({ ctx, input: { minLevel, source, pattern, group, ...rest } }) => {
          const filter = { minLevel, source, pattern, group }
          return withSecret(await rules.create(ctx.actor, { ...rest, filter }), true)
        }),
      update: changing
        .input(UpdateLogAlertRuleInput)
        .output(LogAlertRuleWithSecret)
        .mutation(async ({ ctx, input }) => {
          const { before, rule } = await rules.update(ctx.actor, input.id, changeOf(input))
          return withSecret(rule, before.webhookUrl === null)
        }),
      setEnabled: changing
        .input(SetLogAlertRuleEnabledInput)
        .output(LogAlertRuleView)
        .mutation(async ({ ctx, input: { id, isEnabled } }) =>
          viewRule((await rules.setEnabled(ctx.actor, id, isEnabled)).rule),
        ),
      rotateSecret: changing
        .input(LogAlertRuleInput)
        .output(LogAlertRuleWithSecret)
        .mutation(async ({ ctx, input: { id } }) => withSecret((await rules.rotateSecret(ctx.actor, id)).rule, true)),
      remove: changing
        .input(LogAlertRuleInput)
        .output(Done)
        .mutation(async ({ ctx, input: { id } }) => {
          await rules.remove(ctx.actor, id)
          return done
        }),
      test: changing
        .input(LogAlertRuleInput)
        .output(Done)
        .mutation(async ({ ctx, input: { id } }) => {
          await rules.test(ctx.actor, id)
          return done
        }),
    }),
  })
}

type UpdateInput = z.output<typeof UpdateLogAlertRuleInput>

/** What is named. */
function changeOf({ minLevel, source, pattern, group, ...input }: UpdateInput): AlertRuleChange {
  const { name, measure, quietMs, channels, webhookUrl } = input
  return {
    ...(name === undefined ? {} : { name }),
    ...(measure === undefined ? {} : { measure }),
    ...(quietMs === undefined ? {} : { quietMs }),
    ...(channels === undefined ? {} : { channels }),
    ...(webhookUrl === undefined ? {} : { webhookUrl }),
    filter: {
      ...(minLevel === undefined ? {} : { minLevel }),
      ...(source === undefined ? {} : { source }),
      ...(pattern === undefined ? {} : { pattern }),
      ...(group === undefined ? {} : { group }),
    },
  }
}
