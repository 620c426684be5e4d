import { z } from 'zod'
import { Id, PageInput, pageOf, Timestamp } from '../common.ts'
import { singleLineText } from '../text.ts'
import { Count, count, GroupId, Source } from './fields.ts'
import { LogLevel } from './level.ts'

export const LogGroupStatus = z
  .enum(['new', 'ongoing', 'regressed', 'resolved', 'ignored'])
  .describe('Where the group stands')
const Version = Count.min(0).optional().describe('The version that was seen; refused if it has changed since')

export const LogGroupView = z
  .object({
    id: GroupId,
    status: LogGroupStatus,
    statusSince: Timestamp.describe('When it got its status'),
    ignoredUntil: Timestamp.nullable().describe('While ignored: when that is over; null without such a time'),
    ignoredUntilCount: Count.nullable().describe(
      'While ignored: the count of lines at which that is over; null without',
    ),
    level: LogLevel.describe('The most severe level of its lines'),
    title: z.string().describe('One line for people'),
    template: z.string().describe('Its message with the variable parts masked; below it, the top of its trace'),
    count: count('Lines it ever had'),
    firstSeen: Timestamp.describe('Time of its first line'),
    lastSeen: Timestamp.describe('Time of its newest line'),
    patterns: z.array(z.string()).describe('Ids of the patterns that its lines match'),
    sample: z.string().describe('One of its lines'),
    assignee: z
      .object({ id: Id, handle: z.string().describe('Handle of the account') })
      .nullable()
      .describe('Who looks after it'),
    version: count('Grows with every change of its status, its assignee, and what is merged into it'),
    mergedInto: GroupId.nullable().describe('The group that has its lines since they were merged; else null'),
  })
  .describe('Lines that tell of the same')

export const LogGroupChange = z
  .object({
    at: Timestamp,
    from: LogGroupStatus.describe('The status before'),
    to: LogGroupStatus.describe('The status after'),
    reason: z
      .string()
      .describe(
        'What staff said; seen_again, seen_after_resolve, ignore_over; or the group that it was merged with or split from',
      ),
    actor: z.string().nullable().describe('Who did it; null where lines did'),
  })
  .describe('A change of the status')

export const LogGroupDetail = LogGroupView.extend({
  grouping: z
    .object({
      version: count('The way groups are made, as a number'),
      message: z.string().describe('The masked message that lines of the group share'),
      trace: z.array(z.string()).describe('The exception and top frames that they share; empty without a trace'),
    })
    .describe('Why its lines belong together'),
  members: z
    .array(
      z.object({
        id: GroupId,
        title: z.string().describe('One line for people'),
        count: count('Lines that came for it, before and since'),
      }),
    )
    .describe('The groups that were merged into it, those with the most lines first'),
  history: z.array(LogGroupChange).describe('The newest changes of its status, at most 100, newest first'),
})

export const LogGroupListInput = PageInput.extend({
  status: LogGroupStatus.optional().describe('Only this status'),
  level: LogLevel.optional().describe('Only groups of this level'),
  source: Source.optional().describe('Only groups with lines of this source'),
  search: singleLineText({ min: 1, max: 200 }).optional().describe('A part of the template, in upper or lower case'),
  sort: z
    .enum(['lastSeen', 'firstSeen', 'count'])
    .default('lastSeen')
    .describe('What the list goes by; the newest, or the most, first'),
}).prefault({})
export const LogGroupListOutput = pageOf(LogGroupView)
export const LogGroupInput = z.object({ id: GroupId })

export const SetLogGroupStatusInput = z
  .object({
    id: GroupId,
    status: z.enum(['ongoing', 'resolved', 'ignored']).describe('What it is to be'),
    until: Timestamp.optional().describe('For ignored: until then; without until and lines, for ever'),
    lines: Count.min(1)
      .max(1_000_000_000)
      .optional()
      .describe('For ignored: so many more lines, the last of which ends it'),
    reason: singleLineText({ min: 0, max: 200 }).default('').describe('Why, for the history'),
    version: Version,
  })
  .superRefine(({ status, until, lines }, { addIssue }) => {
    const message = 'must be left out unless the status is ignored'
    for (const [field, value] of Object.entries({ until, lines }))
      if (status !== 'ignored' && value !== undefined) addIssue({ code: 'custom', path: [field], message })
  })

export const AssignLogGroupInput = z.object({
  id: GroupId,
  assignee: Id.nullable().describe('A staff account; null for nobody'),
  version: Version,
})

export const MergeLogGroupsInput = z.object({
  into: GroupId.describe('The group that stays; lines of the others, those to come too, are its own from then on'),
  groups: z.array(GroupId).min(1).max(50).describe('The others'),
  reason: singleLineText({ min: 0, max: 100 }).default('').describe('Why, for the history'),
})
export const SplitLogGroupInput = z.object({
  id: GroupId.describe('A group that was merged into another; it is one of its own again, with all its lines'),
  reason: singleLineText({ min: 0, max: 100 }).default('').describe('Why, for the history'),
})

export type LogGroupView = z.output<typeof LogGroupView>
export type LogGroupDetail = z.output<typeof LogGroupDetail>
