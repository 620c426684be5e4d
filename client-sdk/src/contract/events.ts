import { z } from 'zod'
import { Id, Timestamp } from './common.ts'
import { DepositStatus, DepositView } from './deposits.ts'
import type { ErrorCode } from './errors.ts'
import { resumeMaxDeposits } from './limits.ts'
import { LogAlertView } from './logs/alerts.ts'
import { LogLevel } from './logs/level.ts'
import { LogScanView } from './logs/scans.ts'
import { BalanceView } from './wallet.ts'

export const DepositTimer = z
  .object({
    depositId: Id,
    status: DepositStatus,
    remainingMs: z.number().int().min(0).describe('Milliseconds left; 0 when over'),
    expiresAt: Timestamp,
    serverTime: Timestamp,
  })
  .describe('Once a second while watched and open; may be dropped')

export const PaymentResult = z
  .object({
    eventId: Id.describe('The same at every delivery of one result'),
    depositId: Id,
    result: z.enum(['paid', 'expired', 'failed', 'canceled', 'reversed']).describe('How it ended'),
    deposit: DepositView,
  })
  .describe('The outcome of a deposit; delivered at least once')

export const WalletChanged = z
  .object({
    eventId: Id.describe('The same at every delivery of one change'),
    version: z.number().int().describe('That of the balance: a lower one is older news'),
    balance: BalanceView,
    serverTime: Timestamp,
  })
  .describe('A balance after a change')

export const LogLine = z
  .object({
    source: z.string().describe('Name of the source'),
    path: z.string().describe('The file, on the machine that follows it'),
    line: z.number().int().describe('From 1'),
    level: LogLevel,
    time: Timestamp.nullable().describe('What the line says of itself'),
    patterns: z.array(z.string()).describe('Ids of the patterns that it matches'),
    group: z.string().describe('The group that it belongs to'),
    text: z.string().describe('How it begins'),
  })
  .describe('A line that was found and stored; at a flood only some of them are told, and the counts tell of all')

export const LogGroupNews = z
  .object({
    group: z.string().describe('The group'),
    news: z
      .enum(['new', 'regressed', 'ignore_over'])
      .describe('It was never seen before, was resolved and is there again, or was ignored for long enough'),
    level: LogLevel,
    title: z.string().describe('One line for people'),
    count: z.number().int().describe('Lines it ever had'),
  })
  .describe('A group that somebody should look at')

export const LogSourceProgress = z
  .object({
    source: z.string().describe('Name of the source'),
    node: z.string().describe('The machine whose files they are'),
    files: z.number().int().describe('Files that are followed'),
    lagBytes: z.number().int().describe('Bytes that were written and not yet read, lines without an end included'),
    readBytes: z.number().int().describe('Bytes read of the files that are followed'),
    serverTime: Timestamp,
  })
  .describe('How far a machine has read a source; while that changes, every two seconds')

/** Why the server ended a socket. */
export const SocketEndReason = z.enum(['session_revoked', 'server_shutdown', 'slow_consumer', 'too_many_sockets'])

/** Server -> client: event name to the schema of its one payload. */
export const serverEvents = {
  'deposit:timer': DepositTimer,
  'deposit:changed': DepositView,
  'payment:result': PaymentResult,
  'wallet:changed': WalletChanged,
  'logs:event': LogLine,
  'logs:group': LogGroupNews,
  'logs:source': LogSourceProgress,
  'logs:alert': LogAlertView,
  'logs:scan': LogScanView,
  'session:ended': z.object({ reason: SocketEndReason }).describe('The last event of a socket that the server ends'),
} as const

export const WatchDepositInput = z.object({ depositId: Id })
export const ResumeInput = z.object({
  depositIds: z.array(Id).max(resumeMaxDeposits).describe('What the client watches; more than fit take several calls'),
})
const resumeRefusals = ['deposit.not_found', 'socket.too_many_watches'] as const satisfies readonly ErrorCode[]
export const ResumeRefusal = z
  .object({
    depositId: Id,
    code: z.enum(resumeRefusals).describe('Why'),
    message: z.string().describe('The same for people'),
    details: z.record(z.string(), z.unknown()).describe('Particulars, by code'),
  })
  .describe('A deposit that is not watched')
export const ResumeOutput = z.object({
  deposits: z.array(DepositView).describe('Fresh snapshots of those that are watched from now on'),
  refused: z.array(ResumeRefusal).describe('The others'),
  balances: z.array(BalanceView).describe('Fresh balances'),
  serverTime: Timestamp,
})

export const LogsSubscribed = z.object({
  sources: z.array(LogSourceProgress).describe('How far each source is, on each machine that follows it'),
  serverTime: Timestamp,
})

/** Client -> server, each acknowledged with `{ ok: true, value }` or `{ ok: false, error }`. */
export const clientEvents = {
  'deposit:watch': { input: WatchDepositInput, output: DepositView },
  'deposit:unwatch': { input: WatchDepositInput, output: z.object({ depositId: Id }) },
  resume: { input: ResumeInput, output: ResumeOutput },
  'logs:subscribe': { input: z.object({}), output: LogsSubscribed },
  'logs:unsubscribe': { input: z.object({}), output: z.object({}) },
} as const

export type ServerEvents = { [K in keyof typeof serverEvents]: z.output<(typeof serverEvents)[K]> }
export type ClientEvents = {
  [K in keyof typeof clientEvents]: {
    input: z.input<(typeof clientEvents)[K]['input']>
    output: z.output<(typeof clientEvents)[K]['output']>
  }
}

export type SocketEndReason = z.output<typeof SocketEndReason>
