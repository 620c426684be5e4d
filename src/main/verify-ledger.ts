import { createLedgerAuditor } from '../payments/adapters/sequelize/ledger-auditor.ts'
import { verifyLedger } from '../payments/app/verify-ledger.ts'
import { createSyncedClock } from '../platform/clock.ts'
import { ConfigError, readConfig } from '../platform/config.ts'
import { openDatabase } from '../platform/database/database.ts'

/** `npm run verify:ledger`: checks every invariant of the ledger. Exit 0: all hold; 1: some are broken; 2: it could not look. */
async function main(): Promise<void> {
  const config = readConfig()
  await using database = await openDatabase(config)
  const clock = await createSyncedClock(() => database.nowMs())
  const { ok, checks } = await verifyLedger({ auditor: createLedgerAuditor(database), clock })()
  for (const { invariant, description, checked, violations, violationCount } of checks) {
    console.log(`${violationCount === 0 ? 'ok    ' : 'BROKEN'}  ${invariant}  ${description} (${checked} looked at)`)
    for (const violation of violations) console.log(`          ${violation}`)
    if (violationCount > violations.length) console.log(`          and ${violationCount - violations.length} more`)
  }
  console.log(ok ? 'The ledger is in order.' : 'The ledger is NOT in order.')
  process.exitCode = ok ? 0 : 1
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error)
  process.exit(2)
})
