import { z } from 'zod'
import { Id, PageInput, pageOf, Timestamp } from '../common.ts'
import { exactLine } from '../text.ts'
import { count } from './fields.ts'

const isPlainPath = (path: string) => !path.split('/').some((part) => part === '.' || part === '..')
const isLogPath = (path: string) => !/^\/+(?:proc|sys|dev)(?:\/|$)/.test(path)
export const LogSourcePath = exactLine({ min: 2, max: 4000 })
  .regex(/^\//, 'must be an absolute path')
  .refine(isPlainPath, 'must be without . and .. parts')
  .refine(isLogPath, 'must not lie below /proc, /sys or /dev')
  .describe('Absolute path of a file or folder, or a glob')

export const LogLoss = z
  .object({
    reason: z
      .enum(['truncated', 'unreadable', 'compressed', 'unmatchable'])
      .describe(
        'Cut away before they were read; not readable; compressed before; or such that looking for patterns in them failed',
      ),
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

export const LogFollower = z
  .object({
    node: z.string().describe('The machine'),
    paths: z.array(z.string()).describe('Files, folders and globs that it follows'),
    isFollowing: z.boolean().describe('Whether a process of it gave a sign lately'),
    files: count('Files that it follows'),
    lagBytes: count('Bytes that were written and not yet read, lines without an end included'),
    readBytes: count('Bytes read of the files that it follows'),
    updatedAt: Timestamp.describe('The last sign of it'),
  })
  .describe('A machine that follows a source')

export const LogFollowing = z.object({
  followers: z.array(LogFollower).describe('By the names of the machines'),
  fileCount: count('Texts that were read for it and are remembered; a rotation begins a new one'),
  bytesRead: count('Bytes that were read of them'),
  losses: z.array(LogLoss).describe('Bytes of them that were not read, by reason'),
  files: z
    .array(
      z.object({
        node: z.string().describe('The machine'),
        path: z.string().describe('Where it was seen last'),
        size: count('Bytes that were seen of it when it was read last'),
        offset: count('Bytes that were read'),
        isEnded: z.boolean().describe('Whether nothing more is expected of it'),
        updatedAt: Timestamp.describe('When it was read last'),
        losses: z.array(LogLoss).describe('Bytes that were not read'),
      }),
    )
    .describe('At most 20: those that go on before those that ended, read last first'),
})

export const LogSourceState = LogSourceView.extend(LogFollowing.shape)

export const LogSourceListInput = PageInput.prefault({})
export const LogSourceListOutput = pageOf(LogSourceState).extend({
  configured: LogFollowing.describe('What machines follow by LOG_SOURCES; its lines have the source `config`'),
})
export const LogSourceName = z
  .string()
  .regex(/^[\w.-]{1,80}$/, 'must be 1 to 80 letters, digits, _ . -')
  .refine((name) => name !== 'config', 'is the name of what LOG_SOURCES says')
export const AddLogSourceInput = z.object({
  name: LogSourceName.describe('Its name; a source of that name goes on where the last one of that name came to'),
  paths: z.array(LogSourcePath).min(1).max(100).describe('Files, folders and globs to follow'),
})
export const LogSourceInput = z.object({ id: Id.describe('The source') })

export type LogSourceView = z.output<typeof LogSourceView>
export type LogFollowing = z.output<typeof LogFollowing>
export type LogSourceState = z.output<typeof LogSourceState>
