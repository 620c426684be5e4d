import type { Clock } from '../../kernel/clock.ts'
import { nextCheck } from '../domain/check-times.ts'
import { type Deposit, isOpen } from '../domain/deposit.ts'
import type { applyReport } from './apply-report.ts'
import type { openCharge } from './open-charge.ts'
import type { PaymentsPolicy } from './policy.ts'
import type { Gateways, PaymentsStore } from './ports.ts'

interface AskGatewaysDeps {
  readonly store: PaymentsStore
  readonly clock: Clock
  readonly gateways: Gateways
  readonly policy: PaymentsPolicy
  readonly applyReport: ReturnType<typeof applyReport>
  readonly openCharge: ReturnType<typeof openCharge>
  /** Runs the questions, a bounded number at once; a failing one must not stop the others. */
  readonly each: (
    deposits: readonly Deposit[],
    limit: number,
    ask: (deposit: Deposit) => Promise<void>,
  ) => Promise<void>
}

/**
 * The janitor: asks the gateway about deposits just before and just after their end, and then ever more rarely until the
 * late watch ends, so that a lost webhook loses nothing, be it of a second payment or of one that was taken back. Returns whether there may be more.
 */
export function askGateways({ store, clock, gateways, policy, applyReport, openCharge, each }: AskGatewaysDeps) {
  return async (): Promise<boolean> => {
    const due = await claimDue()
    await each(due, policy.gatewayConcurrencyMax, ask)
    return due.length === policy.janitorBatchMaxRows
  }

  /** Moving the next check is the claim: other nodes find it moved, and a crash costs one pause. */
  async function claimDue(): Promise<Deposit[]> {
    return store.transaction(async (tx) => {
      const due = await tx.deposits.lockDue(clock.now(), policy.janitorBatchMaxRows)
      for (const { id, ...deposit } of due) {
        const nextCheckAt = nextCheck(deposit, clock.now(), policy.lateWatchMs)
        await tx.deposits.reschedule({ id, nextCheckAt, checks: deposit.checks + 1 })
      }
      return due
    })
  }

  async function ask(deposit: Deposit): Promise<void> {
    const gateway = gateways.get(deposit.gateway)
    if (gateway === undefined) return
    if (deposit.status === 'created') {
      await openCharge(deposit)
      return
    }
    const report = await gateway.findCharge(deposit.id)
    if (report === null) return
    await applyReport({ provider: deposit.gateway, report, learntAt: clock.now(), complete: true })
    if (!isOpen(deposit) && report.status === 'open') await gateway.cancelCharge(deposit.id)
  }
}
