import { z } from 'zod'
import { PageInput, pageOf, Timestamp } from '../common.ts'
import { count, GroupId, Source, Window } from './fields.ts'
import { LogLevel } from './level.ts'

const EventId = z
  .string()
  .regex(/^[\w-]{1,36}:\d{1,16}$/, 'must be the id of a line')
  .describe('The line')

export const LogEventView = z
  .object({
    id: EventId,
    group: GroupId,
    source: z.string().describe('Name of the source'),
    path: z.string().describe('Where its file was seen last'),
    offset: count('Bytes before it in its text'),
    length: count('Its bytes'),
    line: count('Number of the line, from 1'),
    level: LogLevel,
    time: Timestamp.nullable().describe('What the line says of itself; null if it tells no time'),
    seenAt: Timestamp.describe('When it was read'),
    patterns: z.array(z.string()).describe('Ids of the patterns that it matches'),
    patternsVersion: count('Version of the set of patterns that was looked for'),
    text: z.string().nullable().describe('The line; null where its group had too many in that minute'),
  })
  .describe('A line that matched')

export const LogEventListInput = PageInput.extend({
  group: GroupId.optional().describe('Only lines of this group'),
  source: Source.optional().describe('Only lines of this source; with a group, or with `from`'),
  from: Window.from.describe('Only lines that were read then or later'),
  to: Window.to.describe('Only lines that were read before'),
})
  .refine(({ source, group, from }) => source === undefined || group !== undefined || from !== undefined, {
    path: ['source'],
    message: 'must come with group or from',
  })
  .prefault({})
export const LogEventListOutput = pageOf(LogEventView)

/** Most lines on either side of one that is looked at. */
const contextMaxLines = 100
const lines = z.number().int().min(0).max(contextMaxLines).default(10)

export const LogContextInput = z.object({
  id: EventId,
  before: lines.describe('Lines above it'),
  after: lines.describe('Lines below it'),
})

export const LogTextLine = z
  .object({
    line: count('Number of the line, from 1'),
    offset: count('Bytes before it in its text'),
    text: z.string().describe('The line'),
  })
  .describe('A line of a file')

export const LogContextOutput = z.object({
  path: z.string().describe('Where the file was seen last'),
  before: z.array(LogTextLine).describe('The lines above, at most 64 KiB, in their order'),
  line: LogTextLine.extend({ isCut: z.boolean().describe('Whether more than 64 KiB of it stand in the file') }),
  after: z.array(LogTextLine).describe('The lines below, at most 64 KiB, in their order'),
})

export type LogEventView = z.output<typeof LogEventView>
