import { z } from 'zod'
import { PageInput, Timestamp } from '../common.ts'
import { singleLineText } from '../text.ts'
import { LogTextLine } from './events.ts'
import { count } from './fields.ts'
import { LogLevel } from './level.ts'

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

export const LogPatternCost = z
  .object({
    steps: count('Steps of the program: what it takes in memory'),
    isFiltered: z
      .boolean()
      .describe('Whether a text must stand in every line that matches; without, every line is read by the automaton'),
    looksPerMib: z
      .number()
      .nullable()
      .describe(
        'Places in a MiB of a typical log at which such a text stands and a line is looked at closely; null without',
      ),
  })
  .describe('What it costs to look for it')

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
    cost: LogPatternCost,
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
  cost: LogPatternCost.extend({ stepsMax: count('Steps that they may have together') }).describe(
    'What it costs to look for all that are switched on: one without a filter has every line read for all of them',
  ),
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

export const LogPatternInput = z.object({ id: LogPatternId })
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
  cost: LogPatternCost,
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

export type LogPatternView = z.output<typeof LogPatternView>
