import type { LatePolicy } from '../domain/payment-decisions.ts'

/** The rules of the house, from the configuration. Times in milliseconds. */
export interface PaymentsPolicy {
  readonly latePolicy: LatePolicy
  readonly lateWatchMs: number
  readonly addressCoolingMs: number
  readonly addressesMax: number
  readonly addressesPerUserMax: number
  readonly depositsOpenPerUserMax: number
  readonly transferMaxMinor: bigint
  readonly sweepBatchMaxRows: number
  readonly janitorBatchMaxRows: number
  readonly gatewayConcurrencyMax: number
  readonly gatewayTimeoutMs: number
  readonly noticeAttemptsMax: number
  readonly noticeRetentionMs: number
}
