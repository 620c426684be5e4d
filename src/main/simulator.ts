import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { startSimulator } from '../payments/adapters/provider/simulator/start-simulator.ts'
import { type Config, ConfigError, readConfig } from '../platform/config.ts'
import { reachableHost } from '../platform/http/reachable-host.ts'
import { createLogger } from '../platform/log.ts'

/** Runs the payment simulator as a process of its own until it is told to stop. */
async function main() {
  const config = readConfig()
  const log = createLogger(config)
  const { values } = parseArgs({
    options: { host: { type: 'string' }, 'webhook-url': { type: 'string' } },
    strict: true,
  })
  const webhookUrl = values['webhook-url'] ?? webhookUrlOf(config)
  const secret = await secretOf(config)
  const simulator = await startSimulator({
    host: values.host ?? config.HOST,
    port: config.SIMULATOR_PORT,
    secret,
    webhookUrl,
    stateFile: join(config.DATA_DIR, 'simulator-state.jsonl'),
    log: log.child({ part: 'simulator' }),
  })
  log.info({ url: simulator.url, webhookUrl }, 'the payment simulator listens')
  process.send?.({ simulatorUrl: simulator.url })

  let ending = false
  async function end(signal: NodeJS.Signals | 'disconnect') {
    if (ending) process.exit(1)
    ending = true
    await simulator[Symbol.asyncDispose]()
    log.info({ signal }, 'the payment simulator has ended')
    if (process.connected) process.disconnect()
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal))
  // Started beside a server, it ends with it, however that ended.
  process.on('disconnect', () => {
    if (!ending) void end('disconnect')
  })
}

/** Of a simulator that was started beside a server, the server tells it. */
async function secretOf({ SIMULATOR_SECRET }: Config): Promise<string> {
  if (SIMULATOR_SECRET !== undefined) return SIMULATOR_SECRET
  if (process.send === undefined)
    throw new ConfigError([
      'SIMULATOR_SECRET: must be set, here and at the servers, where the simulator runs by itself',
    ])
  const told = new Promise((resolve) => process.once('message', resolve))
  const late = pause(secretWaitMs, undefined, { ref: false }).then(() => {
    throw new Error('the process that started the simulator does not tell its secret')
  })
  return Told.parse(await Promise.race([told, late])).secret
}

const secretWaitMs = 10_000
const Told = z.object({ secret: z.string() })

function webhookUrlOf({ SIMULATOR_WEBHOOK_URL, PUBLIC_URL, HOST, PORT }: Config): string {
  if (SIMULATOR_WEBHOOK_URL !== undefined) return SIMULATOR_WEBHOOK_URL
  if (PORT !== 0) return `http://${reachableHost(HOST)}:${PORT}/webhooks/simulator`
  if (PUBLIC_URL !== undefined) return `${PUBLIC_URL.replace(/\/+$/, '')}/webhooks/simulator`
  throw new ConfigError(['SIMULATOR_WEBHOOK_URL: must be set where PORT is 0'])
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error)
  process.exit(1)
})
