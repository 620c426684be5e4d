import { performance } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createBackground } from '../../src/identity/adapters/background.ts'
import { createLogger } from '../../src/platform/log.ts'

function openBackground(drainTimeoutMs = 10_000) {
  const logged: string[] = []
  const log = createLogger({ LOG_LEVEL: 'error', LOG_FORMAT: 'json' }, { write: (line) => void logged.push(line) })
  return { background: createBackground({ log, drainTimeoutMs }), logged }
}

describe('work after the answer', () => {
  it('is not held up by the pauses of what stands before it', async () => {
    const { background } = openBackground()
    const startedMs = performance.now()
    for (let i = 0; i < 100; i++) background.run('quick', async () => {})
    await background[Symbol.asyncDispose]()
    const tookMs = performance.now() - startedMs
    expect(tookMs).toBeGreaterThan(40)
    // One after the other, the pauses of a hundred take 1250 ms and more, four at a time.
    expect(tookMs).toBeLessThan(600)
  })

  it('is bounded, whatever was accepted gets its turn, and what fails is logged', async () => {
    const { background, logged } = openBackground()
    let runs = 0
    let running = 0
    let most = 0
    for (let i = 0; i < 1005; i++)
      background.run('counted', async () => {
        most = Math.max(most, ++running)
        await nextTurn()
        running--
        runs++
        if (runs === 7) throw new Error('of the seventh')
      })
    await background[Symbol.asyncDispose]()
    expect({ runs, most }).toEqual({ runs: 1000, most: 2 })
    expect(logged.filter((line) => line.includes('was dropped'))).toHaveLength(5)
    expect(logged.filter((line) => line.includes('of the seventh'))).toHaveLength(1)
  })

  it('that hangs does not keep the process from ending', async () => {
    const { background, logged } = openBackground(100)
    for (let i = 0; i < 5; i++) background.run('hanging', () => new Promise(() => {}))
    await background[Symbol.asyncDispose]()
    expect(logged.map((line) => JSON.parse(line))).toMatchObject([{ count: 5 }])
  })
})
