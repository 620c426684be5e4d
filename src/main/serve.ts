import { parseArgs } from 'node:util'
import { ConfigError, readConfig } from '../platform/config.ts'
import { createApp } from './app.ts'
import { demoPassword, fillWithDemo } from './demo.ts'
import { forkSimulator } from './fork-simulator.ts'

/** `npm start`: the whole product in one process, and the payment simulator in another. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { demo: { type: 'boolean', default: false } }, strict: true })
  const config = readConfig()
  if (values.demo && config.NODE_ENV === 'production')
    throw new ConfigError(['NODE_ENV: --demo makes accounts whose password everybody knows, which production refuses'])
  const app = await createApp(config, {
    startSimulator: (webhookUrl, secret) => forkSimulator(config, webhookUrl, secret),
  })
  const { log, url, simulatorUrl, firstAdmin } = app
  const store = app.database.dialect === 'sqlite' ? `embedded, in ${config.DATA_DIR}` : 'MySQL'
  log.info(
    { url, simulatorUrl, database: store, redis: config.REDIS_URL !== undefined, role: config.ROLE },
    `XM listens at ${url}`,
  )
  if (firstAdmin.created && firstAdmin.password !== null)
    process.stdout.write(
      `\nThe first admin was made. Its password is shown this once:\n  e-mail    ${firstAdmin.email}\n  password  ${firstAdmin.password}\n\n`,
    )

  if (values.demo) {
    await fillWithDemo(app)
    process.stdout.write(
      `The demo is filled: sign in as sari, budi, maya, tomas or aisha with the password "${demoPassword}"\n\n`,
    )
  }

  let ending = false
  async function end(signal: NodeJS.Signals): Promise<void> {
    if (ending) process.exit(1)
    ending = true
    log.info({ signal }, 'ending: finishing what is in flight')
    setTimeout(() => {
      log.error('cut off: others take up the rows that were under way; mails that were not sent yet are lost')
      process.exit(1)
    }, config.SHUTDOWN_TIMEOUT_MS + loopsMs).unref()
    await app[Symbol.asyncDispose]()
    log.info('ended')
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal).catch(fail))
}

/** For the background loops, once the calls are finished or cut. */
const loopsMs = 5_000

function fail(error: unknown): void {
  console.error(error instanceof ConfigError ? error.message : error)
  process.exit(1)
}

main().catch(fail)
