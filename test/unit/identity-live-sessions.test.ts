import { describe, expect, it } from 'vitest'
import { createLiveSessions } from '../../src/identity/adapters/live-sessions.ts'

describe('live sessions', () => {
  it('are looked up once in half a second, however many ask', async () => {
    let [looks, nowMs] = [0, 1000]
    const find = async () => {
      looks++
      return null
    }
    const live = createLiveSessions({ find }, () => nowMs)
    await Promise.all(Array.from({ length: 100 }, () => live.find('a')))
    await live.find('b')
    expect(looks).toBe(2)
    nowMs += 499
    await live.find('a')
    expect(looks).toBe(2)
    nowMs += 1
    await live.find('a')
    expect(looks).toBe(3)
    live.forget(['a'])
    await live.find('a')
    expect(looks).toBe(4)
  })

  it('are looked up again after a failure', async () => {
    let broken = true
    const live = createLiveSessions({
      async find() {
        if (broken) throw new Error('out of reach')
        return null
      },
    })
    await expect(live.find('a')).rejects.toThrow('out of reach')
    broken = false
    expect(await live.find('a')).toBeNull()
  })
})
