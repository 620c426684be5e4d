import { performance } from 'node:perf_hooks'
import { pino } from 'pino'
import { startSimulator } from '../../src/payments/adapters/provider/simulator/start-simulator.ts'
import { createLedgerAuditor } from '../../src/payments/adapters/sequelize/ledger-auditor.ts'
import { verifyLedger } from '../../src/payments/app/verify-ledger.ts'
import { readConfig } from '../../src/platform/config.ts'
import { type Database, openDatabase } from '../../src/platform/database/database.ts'
import { createResources } from '../../src/platform/resources.ts'
import type { OpenBackend } from './backends.ts'
import { type NodeProcess, startNodeProcess } from './node-process.ts'
import { migrateSchema, roomyEnv } from './product.ts'

type Env = Record<string, string>

/** A place where nodes run: data, schema, and a payment simulator that tells all running nodes in turn. */
export interface Site extends AsyncDisposable {
  readonly env: Readonly<Env>
  /** The test's own look at the data. */
  readonly database: Database
  readonly simulatorUrl: string
  readonly nodes: readonly NodeProcess[]
  startNode(env?: Env, entry?: 'fault' | 'serve'): Promise<NodeProcess>
  /** Starts a node where a node that is gone was listening. */
  restart(node: NodeProcess, env?: Env): Promise<NodeProcess>
  /** Every row that breaks a rule of the ledger. */
  ledgerFaults(): Promise<string[]>
}

/** The time, also while a test plays with `Date`. */
export const trueNowMs = (): number => performance.timeOrigin + performance.now()

/** The data is kept by `data`, which stays open. */
export async function openSite(data: Pick<OpenBackend, 'env'>, extra: Env = {}): Promise<Site> {
  const resources = createResources()
  const nodes: NodeProcess[] = []
  let turn = 0
  function webhookUrl(): string {
    const running = nodes.filter((node) => node.running)
    const next = running[turn++ % Math.max(1, running.length)]
    return `${next?.url ?? 'http://127.0.0.1:9'}/webhooks/simulator`
  }
  try {
    const common: Env = { ...roomyEnv, LOG_LEVEL: 'info', ...data.env, ...extra }
    await migrateSchema(common)
    const database = resources.use(await openDatabase(readConfig(common)))
    const simulator = resources.use(
      await startSimulator({
        host: '127.0.0.1',
        port: 0,
        secret: roomyEnv.SIMULATOR_SECRET,
        webhookUrl,
        log: pino({ level: 'silent' }),
        clock: { now: () => new Date(trueNowMs()) },
      }),
    )
    const env: Env = { ...common, SIMULATOR_URL: simulator.url }
    async function startNode(nodeEnv: Env = {}, entry: 'fault' | 'serve' = 'fault') {
      const node = resources.use(await startNodeProcess({ ...env, ...nodeEnv }, entry))
      nodes.push(node)
      return node
    }
    return {
      env,
      database,
      simulatorUrl: simulator.url,
      nodes,
      startNode,
      restart: (node, nodeEnv) => startNode({ ...nodeEnv, PORT: new URL(node.url).port }),
      async ledgerFaults() {
        const clock = { now: () => new Date(trueNowMs()) }
        const { checks } = await verifyLedger({ auditor: createLedgerAuditor(database), clock })()
        return checks.flatMap(({ invariant, violations }) =>
          violations.map((violation) => `${invariant}: ${violation}`),
        )
      },
      [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
    }
  } catch (error) {
    await resources[Symbol.asyncDispose]()
    throw error
  }
}
