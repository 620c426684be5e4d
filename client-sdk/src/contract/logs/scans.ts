import { z } from 'zod'
import { Id, PageInput, pageOf, Timestamp } from '../common.ts'
import { singleLineText } from '../text.ts'
import { count, GroupId } from './fields.ts'
import { LogLevel } from './level.ts'
import { LogSourceName, LogSourcePath } from './sources.ts'

export const LogScanStatus = z
  .enum(['queued', 'running', 'done', 'failed', 'canceled'])
  .describe('Waits for a process that is free; is under way; has ended; could not be done; was canceled')

export const LogScanView = z
  .object({
    id: Id,
    status: LogScanStatus,
    node: z
      .string()
      .nullable()
      .describe('The machine whose files are read; null for that of the process that takes it'),
    paths: z.array(z.string()).describe('Files, folders and globs'),
    source: z.string().describe('Under which the lines are kept'),
    keep: z.boolean().describe('Whether lines are kept'),
    since: Timestamp.nullable().describe('Only lines from then on; null for all'),
    until: Timestamp.nullable().describe('Only lines from before then; null for all'),
    files: count('Files that are read'),
    bytesTotal: count('Their bytes; compressed ones are counted as they are unpacked'),
    bytesRead: count('Bytes that were read'),
    linesMatched: count('Lines that matched so far'),
    linesKept: count('Of these, those that were not kept before'),
    patternsVersion: count('Version of the set of patterns that was looked for, once it is done'),
    problem: z.string().nullable().describe('Why it failed'),
    version: count('Grows with every change'),
    createdAt: Timestamp,
    startedAt: Timestamp.nullable().describe('When a process took it first'),
    endedAt: Timestamp.nullable().describe('When it was done, or failed'),
  })
  .describe('A scan of whole files')

export const LogScanDetail = LogScanView.extend({
  result: z
    .object({
      patterns: z
        .array(
          z.object({
            id: z.string().describe('Id of the pattern'),
            lines: count('Lines that match it'),
            firstSeen: Timestamp.nullable().describe('Time of the earliest; null if none tells its time'),
            lastSeen: Timestamp.nullable().describe('Time of the latest'),
            example: z
              .object({
                path: z.string().describe('The file'),
                line: count('Number of the line, from 1'),
                text: z.string().describe('How it begins'),
              })
              .nullable()
              .describe('The first line that matched'),
          }),
        )
        .describe('Those that matched, by their ids'),
      groups: z
        .array(
          z.object({
            id: GroupId,
            level: LogLevel.describe('The most severe of its lines here'),
            title: z.string().describe('One line for people'),
            lines: count('Its lines here'),
          }),
        )
        .describe('The 100 largest groups; none where lines are not kept'),
      problems: z.array(z.string()).describe('What could not be read, or kept, and why: a line each, at most 1000'),
    })
    .nullable()
    .describe('What came of it; null until it is done'),
})

export const StartLogScanInput = z.object({
  paths: z.array(LogSourcePath).min(1).max(100).describe('Files, folders and globs to scan'),
  source: LogSourceName.default('scan').describe('Under which lines are kept'),
  keep: z
    .boolean()
    .default(true)
    .describe('Whether lines are kept, each once: those that were followed, or scanned before, are not kept again'),
  node: singleLineText({ min: 1, max: 255 })
    .nullable()
    .default(null)
    .describe('The machine whose files they are (LOG_NODE); null for the first that is free'),
  since: Timestamp.nullable().default(null).describe('Only lines that tell a time from then on'),
  until: Timestamp.nullable().default(null).describe('Only lines that tell a time before then'),
})
export const LogScanInput = z.object({ id: Id.describe('The scan') })
export const LogScanListInput = PageInput.extend({
  status: LogScanStatus.optional().describe('Only scans that stand so'),
}).prefault({})
export const LogScanListOutput = pageOf(LogScanView)

export type LogScanView = z.output<typeof LogScanView>
export type LogScanDetail = z.output<typeof LogScanDetail>
