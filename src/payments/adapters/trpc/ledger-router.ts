import { LedgerVerifyOutput } from '#contract'
import { type Procedures, router } from '../../../platform/trpc.ts'
import type { verifyLedger } from '../../app/verify-ledger.ts'

export function createLedgerRouter({ staff }: Procedures, verify: ReturnType<typeof verifyLedger>) {
  return router({
    verify: staff('finance', 'auditor')
      .output(LedgerVerifyOutput)
      .query(async () => {
        const { ok, verifiedAt, checks } = await verify()
        return {
          ok,
          verifiedAt: verifiedAt.toISOString(),
          checks: checks.map((check) => ({ ...check, violations: [...check.violations] })),
        }
      }),
  })
}
