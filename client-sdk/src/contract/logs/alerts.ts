import { z } from 'zod'
import { Id, PageInput, pageOf, Timestamp } from '../common.ts'
import { singleLineText } from '../text.ts'
import { count, GroupId, Source } from './fields.ts'
import { LogLevel } from './level.ts'
import { LogPatternId } from './patterns.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

const WindowMs = z
  .number()
  .int()
  .min(minuteMs)
  .max(dayMs)
  .refine((ms) => ms % minuteMs === 0, 'must be a whole number of minutes')
  .describe('The window in milliseconds: whole minutes, at most a day')
const Threshold = z.number().int().min(1).max(1_000_000_000)

export const LogAlertMeasure = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z
        .enum(['new_group', 'regressed'])
        .describe(
          'A group is seen for the first time; or again after it was resolved, or its time of being ignored is over',
        ),
    }),
    z.object({
      kind: z.literal('rate').describe('So many lines in a window of time'),
      windowMs: WindowMs,
      threshold: Threshold.describe('So many lines in the window, or more'),
    }),
    z.object({
      kind: z.literal('spike').describe('So many times as many lines as in the windows before, on the average'),
      windowMs: WindowMs,
      threshold: Threshold.describe('With fewer lines than that in the window it is none'),
      factor: z.number().min(1).max(10_000).describe('So many times as many'),
      windows: z.number().int().min(1).max(100).describe('So many windows before it are the measure'),
    }),
  ])
  .describe('What is worth an alert. Lines count by their own times')

const Filter = {
  minLevel: LogLevel.describe('Only lines, or groups, as severe as that or more'),
  source: Source.nullable().describe('Only of this source; null for all'),
  pattern: LogPatternId.nullable().describe('Only of groups whose lines match this pattern; null for all'),
  group: GroupId.nullable().describe('Only this group; null for all'),
}

export const LogAlertChannel = z
  .enum(['log', 'socket', 'webhook'])
  .describe("A line in the server's log; `logs:alert` to whoever listens; a signed POST")
const Channels = z
  .array(LogAlertChannel)
  .max(3)
  .refine((channels) => new Set(channels).size === channels.length, 'must name each channel once')
  .describe('Where its alerts go; none is listed only')
const RuleName = singleLineText({ min: 1, max: 80 }).describe('Its name, which no other has')
const QuietMs = z
  .number()
  .int()
  .min(0)
  .max(30 * dayMs)
  .describe(
    'Milliseconds between two alerts: of one group, or of the rule where lines of all groups are counted together',
  )
const WebhookUrl = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .describe('Where the channel `webhook` posts to')

export const LogAlertRuleView = z
  .object({
    id: Id,
    name: RuleName,
    measure: LogAlertMeasure,
    ...Filter,
    quietMs: QuietMs,
    channels: Channels,
    webhookUrl: WebhookUrl.nullable(),
    isEnabled: z.boolean().describe('Whether it raises alerts'),
    createdAt: Timestamp,
  })
  .describe('What staff are alerted of')

/** Whoever makes a webhook, or asks for another secret, is shown it once. */
export const LogAlertRuleWithSecret = LogAlertRuleView.extend({
  secret: z
    .string()
    .nullable()
    .describe('Signs its webhooks, as Standard Webhooks says; shown now, and never again. Null without a webhook'),
})

export const LogAlertRuleListInput = PageInput.prefault({})
export const LogAlertRuleListOutput = pageOf(LogAlertRuleView)

export const CreateLogAlertRuleInput = z.object({
  name: RuleName,
  measure: LogAlertMeasure,
  minLevel: Filter.minLevel.default('error'),
  source: Filter.source.default(null),
  pattern: Filter.pattern.default(null),
  group: Filter.group.default(null),
  quietMs: QuietMs.default(10 * minuteMs),
  channels: Channels.default(['log', 'socket']),
  webhookUrl: WebhookUrl.nullable().default(null),
  isEnabled: z.boolean().default(true).describe('Whether it raises alerts'),
})
export const UpdateLogAlertRuleInput = z.object({
  id: Id.describe('The rule; what is not named stays'),
  name: RuleName.optional(),
  measure: LogAlertMeasure.optional(),
  minLevel: Filter.minLevel.optional(),
  source: Filter.source.optional(),
  pattern: Filter.pattern.optional(),
  group: Filter.group.optional(),
  quietMs: QuietMs.optional(),
  channels: Channels.optional(),
  webhookUrl: WebhookUrl.nullable().optional(),
})
export const LogAlertRuleInput = z.object({ id: Id.describe('The rule') })
export const SetLogAlertRuleEnabledInput = LogAlertRuleInput.extend({
  isEnabled: z.boolean().describe('Whether it is to raise alerts'),
})

export const LogAlertView = z
  .object({
    id: Id,
    rule: z.object({ id: Id, name: z.string().describe('As it was called then') }).describe('The rule that raised it'),
    kind: z.enum(['new_group', 'regressed', 'rate', 'spike', 'test']).describe('What happened'),
    group: GroupId.nullable().describe('The group; null where lines of all are counted together'),
    level: LogLevel,
    title: z.string().describe('One line for people'),
    lines: count('Lines of the group, or in the window'),
    at: Timestamp.describe('When it was raised'),
  })
  .describe('Something that staff should look at')

export const LogAlertListInput = PageInput.extend({
  rule: Id.optional().describe('Only of this rule'),
  group: GroupId.optional().describe('Only of this group'),
}).prefault({})
export const LogAlertListOutput = pageOf(LogAlertView)

export const LogAlertDeliveryView = z
  .object({
    id: Id,
    alert: Id.describe('What it brings; each attempt of a webhook has this as its `webhook-id`'),
    rule: Id.describe('The rule that raised it'),
    channel: LogAlertChannel,
    status: z.enum(['pending', 'done', 'failed']).describe('Still to be made; made; given up'),
    attempts: count('Attempts so far'),
    nextAttemptAt: Timestamp.nullable().describe('When it is tried next; null once it is over'),
    problem: z.string().nullable().describe('What went wrong last'),
    updatedAt: Timestamp,
  })
  .describe('An alert on its way to a channel')
export const LogAlertDeliveryListInput = PageInput.extend({
  alert: Id.optional().describe('Only of this alert'),
  rule: Id.optional().describe('Only of this rule'),
}).prefault({})
export const LogAlertDeliveryListOutput = pageOf(LogAlertDeliveryView)
export const LogAlertDeliveryInput = z.object({ id: Id.describe('The delivery') })

export type LogAlertRuleView = z.output<typeof LogAlertRuleView>
export type LogAlertView = z.output<typeof LogAlertView>
export type LogAlertDeliveryView = z.output<typeof LogAlertDeliveryView>
