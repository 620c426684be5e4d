import { describe, expect, it } from 'vitest'
import { backends } from '../support/backends.ts'
import { accountOf, openCluster, password, refusal } from '../support/identity.ts'

describe.each(backends)('accounts under attack on $name', (backend) => {
  it('lock out after failures, alike for accounts that exist and that do not', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { LOGIN_FAILURES_MAX: '3' })
    const [node, other] = cluster.nodes
    await (await node.as()).register(accountOf('ann'))
    const guess = async (login: string, address: string, secret = 'wrong') =>
      refusal((await node.as(undefined, address)).login({ login, password: secret }))
    const story: Record<string, string[]> = {}
    for (const login of ['ann', 'nobody']) {
      story[login] = []
      for (let i = 0; i < 5; i++) story[login].push(await guess(login, `192.0.2.${10 + i}`))
      story[login].push(await guess(login, '192.0.2.20', password))
    }
    expect(story.ann).toEqual([...Array(3).fill('auth.invalid_credentials'), ...Array(3).fill('rate.limited')])
    expect(story.nobody).toEqual(story.ann)
    if (backend.name !== 'embedded')
      expect(await refusal((await other.as()).login({ login: 'ann', password }))).toBe('rate.limited')
  })

  it('are not guessed in parallel: at most the limit is looked at, per login and per address', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { LOGIN_FAILURES_MAX: '3' })
    const [node] = cluster.nodes
    await (await node.as()).register(accountOf('ann'))
    const many = (where: (i: number) => { login: string; address: string }) =>
      Promise.all(
        Array.from({ length: 12 }, async (_, i) => {
          const { login, address } = where(i)
          return refusal((await node.as(undefined, address)).login({ login, password: 'wrong' }))
        }),
      )
    const looked = (codes: string[]) => codes.filter((code) => code === 'auth.invalid_credentials').length
    expect(looked(await many((i) => ({ login: 'ann', address: `192.0.2.${i}` })))).toBe(3)
    expect(looked(await many((i) => ({ login: `nobody${i}`, address: '198.51.100.1' })))).toBe(3)
  })

  it('do not get a fresh allowance for their address by signing in to an account of their own', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { LOGIN_FAILURES_MAX: '3' })
    const caller = await cluster.nodes[0].as()
    await caller.register(accountOf('mallory'))
    for (const login of ['ann', 'bob'])
      expect(await refusal(caller.login({ login, password }))).toBe('auth.invalid_credentials')
    for (let i = 0; i < 5; i++) await caller.login({ login: 'mallory', password })
    expect(await refusal(caller.login({ login: 'cyd', password }))).toBe('auth.invalid_credentials')
    expect(await refusal(caller.login({ login: 'dan', password }))).toBe('rate.limited')
  })
})
