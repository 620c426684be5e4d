import { pino } from 'pino'
import { migrations } from '../../db/migrations/index.ts'
import { type App, createApp } from '../../src/main/app.ts'
import type { Overrides } from '../../src/main/overrides.ts'
import { startSimulator } from '../../src/payments/adapters/provider/simulator/start-simulator.ts'
import { readConfig } from '../../src/platform/config.ts'
import { openDatabase } from '../../src/platform/database/database.ts'
import { migrate } from '../../src/platform/database/migrate.ts'
import { createResources } from '../../src/platform/resources.ts'
import type { Backend } from './backends.ts'

/** Limits that a test would run into, and ports that are free. */
export const roomyEnv = {
  NODE_ENV: 'test',
  PORT: '0',
  LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'fatal',
  LOG_FORMAT: 'json',
  SIMULATOR_SECRET: 'simulator-secret-of-the-tests',
  STAFF_TOTP: 'optional',
  ADMIN_EMAIL: 'admin@example.com',
  ADMIN_PASSWORD: 'admin password of the tests',
  REGISTRATIONS_PER_HOUR_PER_ADDRESS: '100000',
  REQUESTS_PER_MINUTE_PER_ADDRESS: '10000000',
  REQUESTS_PER_MINUTE_PER_ACTOR: '10000000',
  WEBHOOKS_PER_MINUTE_PER_ADDRESS: '10000000',
  DEPOSITS_OPEN_PER_USER_MAX: '100000',
  DEPOSIT_ADDRESSES_PER_USER_MAX: '100000',
}

export interface Product extends AsyncDisposable {
  readonly app: App
  readonly simulatorUrl: string
  /** Opens one more node on the same database; the simulator's webhooks keep going to the first. */
  openNode(env?: Record<string, string>, overrides?: Overrides): Promise<App>
}

/** The whole product in this process on fresh data: schema, payment simulator, server. */
export async function openProduct(
  backend: Backend,
  env: Record<string, string> = {},
  overrides: Overrides = {},
): Promise<Product> {
  const resources = createResources()
  try {
    const data = resources.use(await backend.open())
    const common = { ...roomyEnv, ...data.env, ...env }
    await migrateSchema(common)
    let webhookUrl = ''
    const simulator = resources.use(
      await startSimulator({
        host: '127.0.0.1',
        port: 0,
        secret: common.SIMULATOR_SECRET,
        webhookUrl: () => webhookUrl,
        log: pino({ level: 'silent' }),
      }),
    )
    const openNode = async (nodeEnv: Record<string, string> = {}, nodeOverrides: Overrides = {}) =>
      resources.use(await createApp(readConfig({ ...common, SIMULATOR_URL: simulator.url, ...nodeEnv }), nodeOverrides))
    const app = await openNode({}, overrides)
    webhookUrl = `${app.url}/webhooks/simulator`
    return { app, simulatorUrl: simulator.url, openNode, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() }
  } catch (error) {
    await resources[Symbol.asyncDispose]()
    throw error
  }
}

export async function migrateSchema(env: Record<string, string>): Promise<void> {
  await using database = await openDatabase(readConfig(env))
  await migrate(database, migrations, pino({ level: 'silent' }))
}
