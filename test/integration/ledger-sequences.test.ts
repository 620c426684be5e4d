import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { LatePolicy } from '../../src/payments/domain/payment-decisions.ts'
import { startAuditSealer, verifyAuditChain } from '../../src/platform/audit-chain.ts'
import { type Backend, backends, type OpenBackend } from '../support/backends.ts'
import { type Action, anyAction } from '../support/ledger-actions.ts'
import { openLedgerWorld } from '../support/ledger-world.ts'
import { openMigrated, silent } from '../support/payments.ts'

/** `SEQUENCE_STEPS=1000000 SEQUENCE_SEED=7 npm run test:integration -- ledger-sequences` for a long run. */
const seed = Number(process.env.SEQUENCE_SEED ?? 1)
const wantedSteps = Number(process.env.SEQUENCE_STEPS ?? 0)
const stepsOf = (backend: Backend) => wantedSteps || (backend.name === 'embedded' ? 2500 : 400)
const longestRun = 90
const stepMaxMs = 1_000
/** Shrinking ends here, with the shortest sequence found so far. */
const shrinkMaxMs = 45_000

const template = mkdtemp(join(tmpdir(), 'xm-template-'))
let templateReady: Promise<void> | undefined
afterAll(async () => rm(await template, { recursive: true, force: true }))
// Sequelize tells the console of each commit that failed: here they are made to fail.
beforeAll(() => void vi.spyOn(console, 'warn').mockReturnValue())

/** A migrated database; the embedded one is a copy, since migrating takes longer than a short run. */
async function openFresh(backend: Backend): Promise<OpenBackend> {
  const opened = await backend.open()
  if (backend.name === 'embedded') {
    templateReady ??= makeTemplate()
    await templateReady
    await copyFile(join(await template, 'xm.sqlite'), join(opened.env.DATA_DIR!, 'xm.sqlite'))
  } else await (await openMigrated(opened.env))[Symbol.asyncDispose]()
  return opened
}

async function makeTemplate() {
  const database = await openMigrated({ DATA_DIR: await template })
  await database.sequelize.query('PRAGMA wal_checkpoint(TRUNCATE)')
  await database[Symbol.asyncDispose]()
}

describe.each(backends)('$name', (backend) => {
  it(
    'keeps every invariant of the ledger through any sequence of commands, clocks and faults',
    async () => {
      let steps = 0
      const run = fc.asyncProperty(
        fc.constantFrom<LatePolicy>('review', 'credit', 'refund'),
        fc.array(anyAction, { minLength: 1, maxLength: longestRun, size: 'max' }),
        async (latePolicy, actions) => {
          await using opened = await openFresh(backend)
          await using world = await openLedgerWorld({ env: opened.env, policy: { latePolicy } })
          for (const action of actions) {
            await play(world, action)
            steps++
          }
          await checkAuditChain(world)
        },
      )
      for (let round = 0; steps < stepsOf(backend); round++)
        await fc.assert(run, { seed: seed + round, numRuns: 10, interruptAfterTimeLimit: shrinkMaxMs })
      console.log(`${backend.name}: ${steps} steps from seed ${seed}`)
    },
    Math.max(120_000, stepsOf({ name: 'embedded' } as Backend) * stepMaxMs),
  )
})

async function play(world: Awaited<ReturnType<typeof openLedgerWorld>>, action: Action) {
  try {
    await world.act(action)
  } catch (error) {
    throw new Error(`after ${JSON.stringify(action)}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

/** Whatever happened, the audit log can be sealed, and nothing of it was lost. */
async function checkAuditChain({ database }: Awaited<ReturnType<typeof openLedgerWorld>>) {
  const current = database.current()
  const sealer = startAuditSealer({ database: current, intervalMs: 1, batchMaxRows: 500, log: silent })
  await sealer[Symbol.asyncDispose]()
  const { broken } = await verifyAuditChain(current)
  expect(broken).toEqual([])
}
