import { fork } from 'node:child_process'
import { once } from 'node:events'
import { z } from 'zod'
import type { Config } from '../platform/config.ts'

const Listening = z.object({ simulatorUrl: z.string() })
const startTimeoutMs = 20_000

/** Runs the payment simulator as a process of its own, which ends with this one. Rejects when it does not start. */
export async function forkSimulator(
  config: Config,
  webhookUrl: string,
  secret: string,
): Promise<AsyncDisposable & { readonly url: string }> {
  const entry = new URL(import.meta.url.endsWith('.ts') ? './simulator.ts' : './simulator.js', import.meta.url)
  // Whoever reaches it can pay: it listens to this machine alone, wherever the server listens.
  const child = fork(entry, ['--host', '127.0.0.1', '--webhook-url', webhookUrl])
  // Neither arguments nor environment of a process are secret to others on the machine.
  child.send({ secret })
  const ended = once(child, 'exit')
  const started = once(child, 'message', { signal: AbortSignal.timeout(startTimeoutMs) })
  const [message] = await Promise.race([
    started,
    ended.then(() =>
      Promise.reject(
        new Error(
          `the payment simulator did not start; is port ${config.SIMULATOR_PORT} taken? Set SIMULATOR_PORT or SIMULATOR_URL`,
        ),
      ),
    ),
  ])
  const { simulatorUrl } = Listening.parse(message)
  return {
    url: simulatorUrl,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await ended
    },
  }
}
