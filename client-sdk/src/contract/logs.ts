import { z } from 'zod'
import { Id, PageInput, pageOf, Timestamp } from './common.ts'
import { exactLine, singleLineText } from './text.ts'

export const LogLevel = z
  .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
  .describe('How severe it is; the mildest is trace')
export const LogGroupStatus = z
  .enum(['new', 'ongoing', 'regressed', 'resolved', 'ignored'])
  .describe('Where the group stands')

const Count = z.number().int()
const count = (description: string) => Count.describe(description)
const GroupId = z
  .string()
  .regex(/^[\w-]{1,16}$/, 'must be the id of a group')
  .describe('The group')
const Source = z
  .string()
  .regex(/^[\w.:-]{1,100}$/, 'must be 1 to 100 letters, digits, _ . : -')
  .describe('Name of the source')
const Version = Count.min(0).optional().describe('The version that was seen; refused if it has changed since')

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
    version: count('Grows with every change of its status and assignee'),
  })
  .describe('Lines that tell of the same')

export const LogGroupChange = z
  .object({
    at: Timestamp,
    from: LogGroupStatus.describe('The status before'),
    to: LogGroupStatus.describe('The status after'),
    reason: z.string().describe('What staff said, or seen_again, seen_after_resolve, ignore_over'),
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
    text: z.string().nullable().describe('The line; null where its group had too many in that minute'),
  })
  .describe('A line that matched')

const Window = {
  from: Timestamp.optional().describe('From then on'),
  to: Timestamp.optional().describe('Before then'),
}

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

export const LogPatternId = z
  .string()
  .regex(/^[\w.-]{1,60}$/, 'must be 1 to 60 letters, digits, _ . -')
  .describe('Id of the pattern')
const patternText = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\0\r\n\p{Cs}]*$/u, 'must be one line of well-formed text')
const Regex = patternText(10_000).describe('A regular expression, in the syntax of RE2')
const AnyOf = z
  .array(patternText(1000))
  .min(1)
  .max(100)
  .refine((texts) => texts.join('').length <= 10_000, 'must be at most 10000 characters together')
  .describe('Texts of which one must stand in the line')
const IgnoreCase = z.boolean().describe('Whether upper and lower case are the same')
const PatternTitle = singleLineText({ min: 1, max: 200 }).describe('What it finds, for people')

interface Ways {
  readonly regex?: string | undefined
  readonly anyOf?: readonly string[] | undefined
}
const ways = ({ regex, anyOf }: Ways) => [regex, anyOf].filter((way) => way !== undefined).length
const oneWay = { path: ['regex'], message: 'must be given, or anyOf, and not both' }

export const LogPatternView = z
  .object({
    id: LogPatternId,
    title: z.string().describe('What it finds, for people'),
    level: LogLevel.describe('Level of lines that tell none'),
    regex: z.string().nullable().describe('The regular expression; null where it looks for texts'),
    anyOf: z
      .array(z.string())
      .nullable()
      .describe('The texts, one of which must stand in the line; null for an expression'),
    ignoreCase: IgnoreCase,
    isEnabled: z.boolean().describe('Whether it is looked for'),
    isBuiltIn: z.boolean().describe('Whether it came with the product; such a one can only be switched on and off'),
    version: count('Version of the set that changed it last; 0 for a built-in one that nobody changed'),
    createdAt: Timestamp.nullable().describe('Null for a built-in one that nobody changed'),
    updatedAt: Timestamp.nullable().describe('Null for a built-in one that nobody changed'),
  })
  .describe('What is looked for')

export const LogPatternListInput = PageInput.prefault({})
export const LogPatternListOutput = z.object({
  items: z.array(LogPatternView).describe('The patterns by their ids'),
  nextCursor: z.string().nullable().describe('Ask with this for the next page; null at the end'),
  version: count('Version of the set; it grows with every change'),
})

export const CreateLogPatternInput = z
  .object({
    id: LogPatternId,
    title: PatternTitle.optional().describe('What it finds, for people; its id unless told'),
    level: LogLevel.default('error').describe('Level of lines that tell none'),
    regex: Regex.optional(),
    anyOf: AnyOf.optional(),
    ignoreCase: IgnoreCase.default(false),
    isEnabled: z.boolean().default(true).describe('Whether it is looked for'),
  })
  .refine((input) => ways(input) === 1, oneWay)

export const UpdateLogPatternInput = z
  .object({
    id: LogPatternId,
    title: PatternTitle.optional(),
    level: LogLevel.optional().describe('Level of lines that tell none'),
    regex: Regex.optional(),
    anyOf: AnyOf.optional(),
    ignoreCase: IgnoreCase.optional(),
  })
  .refine((input) => ways(input) < 2, { path: ['regex'], message: 'must be left out where anyOf is given' })

export const SetLogPatternEnabledInput = z.object({
  id: LogPatternId,
  isEnabled: z.boolean().describe('Whether it is looked for'),
})

export const TestLogPatternInput = z
  .object({
    regex: Regex.optional(),
    anyOf: AnyOf.optional(),
    ignoreCase: IgnoreCase.default(false),
    text: z.string().max(50_000).describe('Lines to look in'),
  })
  .refine((input) => ways(input) === 1, oneWay)
export const TestLogPatternOutput = z.object({
  matches: count('Lines that match'),
  lines: z
    .array(LogTextLine.extend({ length: count('Its bytes') }))
    .describe('Those lines, at most 1000, in their order; offsets are in bytes of UTF-8'),
})

export const ImportLogPatternsInput = z.object({
  yaml: z
    .string()
    .min(1)
    .max(200_000)
    .describe('A list of patterns: id, title, level, regex or literal or any_of, ignore_case'),
})
export const ImportLogPatternsOutput = z.object({
  created: count('Patterns that are new'),
  updated: count('Patterns that are other than before'),
  unchanged: count('Patterns that were there already'),
  version: count('Version of the set'),
})
export const ExportLogPatternsOutput = z.object({
  yaml: z.string().describe('All patterns that are not built in, as import takes them'),
})

const isPlainPath = (path: string) => !path.split('/').some((part) => part === '.' || part === '..')
const isLogPath = (path: string) => !/^\/+(?:proc|sys|dev)(?:\/|$)/.test(path)
const SourcePath = exactLine({ min: 2, max: 4000 })
  .regex(/^\//, 'must be an absolute path')
  .refine(isPlainPath, 'must be without . and .. parts')
  .refine(isLogPath, 'must not lie below /proc, /sys or /dev')
  .describe('Absolute path of a file or folder, or a glob')

export const LogLoss = z
  .object({
    reason: z.enum(['truncated', 'unreadable']).describe('Why they were not read'),
    bytes: count('Bytes that were not read'),
  })
  .describe('Bytes that were lost')

export const LogSourceView = z
  .object({
    id: Id,
    name: z.string().describe('Its name, under which its lines are kept'),
    paths: z.array(z.string()).describe('Files, folders and globs that are followed'),
    isPaused: z.boolean().describe('Whether nothing is read for now'),
    createdAt: Timestamp,
  })
  .describe('Files that are followed')

export const LogSourceState = LogSourceView.extend({
  fileCount: count('Texts that were ever read for it; a rotation begins a new one'),
  bytesRead: count('Bytes that were read of them'),
  losses: z.array(LogLoss).describe('Bytes of them that were not read, by reason'),
  files: z
    .array(
      z.object({
        path: z.string().describe('Where it was seen last'),
        offset: count('Bytes that were read'),
        isEnded: z.boolean().describe('Whether nothing more is expected of it'),
        updatedAt: Timestamp.describe('When it was read last'),
        losses: z.array(LogLoss).describe('Bytes that were not read'),
      }),
    )
    .describe('At most 20: those that go on before those that ended, read last first'),
})

export const LogSourceListInput = PageInput.prefault({})
export const LogSourceListOutput = pageOf(LogSourceState)
export const AddLogSourceInput = z.object({
  name: z
    .string()
    .regex(/^[\w.-]{1,80}$/, 'must be 1 to 80 letters, digits, _ . -')
    .refine((name) => name !== 'config', 'is the name of what LOG_SOURCES says')
    .describe('Its name; a source of that name goes on where the last one of that name came to'),
  paths: z.array(SourcePath).min(1).max(100).describe('Files, folders and globs to follow'),
})
export const LogSourceInput = z.object({ id: Id.describe('The source') })

export type LogGroupView = z.output<typeof LogGroupView>
export type LogGroupDetail = z.output<typeof LogGroupDetail>
export type LogEventView = z.output<typeof LogEventView>
export type LogPatternView = z.output<typeof LogPatternView>
export type LogSourceView = z.output<typeof LogSourceView>
export type LogSourceState = z.output<typeof LogSourceState>
