import { z } from 'zod'
import { Id, Timestamp } from './common.ts'
import { DepositStatus, DepositView } from './deposits.ts'
import type { ErrorCode } from './errors.ts'
import { resumeMaxDeposits } from './limits.ts'
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

/** Why the server ended a socket. */
export const SocketEndReason = z.enum(['session_revoked', 'server_shutdown', 'slow_consumer', 'too_many_sockets'])

/** Server -> client: event name to the schema of its one payload. */
export const serverEvents = {
  'deposit:timer': DepositTimer,
  'deposit:changed': DepositView,
  'payment:result': PaymentResult,
  'wallet:changed': WalletChanged,
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

/** Client -> server, each acknowledged with `{ ok: true, value }` or `{ ok: false, error }`. */
export const clientEvents = {
  'deposit:watch': { input: WatchDepositInput, output: DepositView },
  'deposit:unwatch': { input: WatchDepositInput, output: z.object({ depositId: Id }) },
  resume: { input: ResumeInput, output: ResumeOutput },
} as const

export type ServerEvents = { [K in keyof typeof serverEvents]: z.output<(typeof serverEvents)[K]> }
export type ClientEvents = {
  [K in keyof typeof clientEvents]: {
    input: z.input<(typeof clientEvents)[K]['input']>
    output: z.output<(typeof clientEvents)[K]['output']>
  }
}

export type SocketEndReason = z.output<typeof SocketEndReason>
