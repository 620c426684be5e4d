import { z } from 'zod'
import { Id, PageInput, pageOf, Timestamp } from '../common.ts'
import { exactLine } from '../text.ts'
import { count } from './fields.ts'

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

export type LogSourceView = z.output<typeof LogSourceView>
export type LogSourceState = z.output<typeof LogSourceState>
