import { z } from 'zod'
import { Timestamp } from '../common.ts'
import { count, GroupId, Source, Window } from './fields.ts'

const ByLevel = z
  .object({
    trace: count('Of level trace'),
    debug: count('Of level debug'),
    info: count('Of level info'),
    warn: count('Of level warn'),
    error: count('Of level error'),
    fatal: count('Of level fatal'),
  })
  .describe('Lines by level')

export const LogSummaryInput = z
  .object({
    from: Window.from.describe('A day before `to` unless told; taken to the minute'),
    to: Window.to.describe('Now unless told; taken to the minute'),
    source: Source.optional().describe('Only lines of this source'),
  })
  .prefault({})
export const LogSummaryOutput = z.object({
  from: Timestamp,
  to: Timestamp,
  lines: count('Lines that matched in this time'),
  byLevel: ByLevel,
  groups: z
    .object({
      new: count('Groups that are new'),
      ongoing: count('Groups that go on'),
      regressed: count('Groups that are back'),
      resolved: count('Groups that are resolved'),
      ignored: count('Groups that are ignored'),
    })
    .describe('All groups there are now, by status'),
})

const Step = z.enum(['minute', 'hour'])
export const LogTimeseriesInput = z
  .object({
    from: Window.from.describe('A day before `to` unless told; taken to the step'),
    to: Window.to.describe('Now unless told'),
    step: Step.optional().describe(
      'By the minute for up to six hours, else by the hour, unless told; at most 3000 steps',
    ),
    source: Source.optional().describe('Only lines of this source'),
    group: GroupId.optional().describe('Only lines of this group'),
  })
  .prefault({})
export const LogTimeseriesOutput = z.object({
  from: Timestamp,
  to: Timestamp,
  step: Step.describe('What one point stands for'),
  points: z
    .array(z.object({ at: Timestamp.describe('When the step begins'), lines: count('Lines in it'), byLevel: ByLevel }))
    .describe('Oldest first; steps without lines are left out'),
})
