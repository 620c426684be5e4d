import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { createSignInLimit } from '../../src/identity/adapters/sign-in-limit.ts'
import type { DomainError } from '../../src/kernel/errors.ts'
import { createRateLimits } from '../../src/platform/cache/rate-limit.ts'
import { readConfig } from '../../src/platform/config.ts'
import { type Backend, backends } from '../support/backends.ts'
import { accountOf, type IdentityCluster, openCluster, password, refusal } from '../support/identity.ts'

const stranger = '198.51.100.1'
const wrong = 'auth.invalid_credentials'

function guesses({ nodes: [node] }: IdentityCluster) {
  return async (login: string, address: string, secret = 'wrong'): Promise<string> => {
    const call = (await node.as(undefined, address)).login({ login, password: secret })
    return call.then(() => 'signed in').catch(() => refusal(call))
  }
}

/** Fails at a login once from each of so many networks. */
async function failFrom(cluster: IdentityCluster, login: string, networksCount: number): Promise<string[]> {
  const guess = guesses(cluster)
  const outcomes: string[] = []
  for (let i = 0; i < networksCount; i++) outcomes.push(await guess(login, `203.0.113.${i}`))
  return outcomes
}

describe.each(backends)('accounts under attack on $name', (backend) => {
  it('lock out after failures, alike for accounts that exist and that do not', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { LOGIN_FAILURES_MAX: '3' })
    const [node, other] = cluster.nodes
    await (await node.as()).register(accountOf('ann'))
    const guess = guesses(cluster)
    const story: Record<string, string[]> = {}
    for (const login of ['ann', 'nobody']) {
      story[login] = []
      for (let i = 0; i < 5; i++) story[login].push(await guess(login, stranger))
      story[login].push(await guess(login, stranger, password))
    }
    expect(story.ann).toEqual([...Array(3).fill(wrong), ...Array(3).fill('rate.limited')])
    expect(story.nobody).toEqual(story.ann)
    const elsewhere = await other.as(undefined, stranger)
    if (backend.name !== 'embedded')
      expect(await refusal(elsewhere.login({ login: 'ann', password }))).toBe('rate.limited')
  })

  it('give no second allowance by their other name, in other letters, or from a neighbouring address', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { LOGIN_FAILURES_MAX: '3' })
    await (await cluster.nodes[0].as()).register(accountOf('ann'))
    const guess = guesses(cluster)
    const names = ['ann', 'ANN@example.com', ' Ann ']
    const outcomes = await Promise.all(names.map((name, i) => guess(name, `2001:db8::${i}`)))
    expect(outcomes).toEqual([wrong, wrong, wrong])
    expect(await guess('ann@example.com', '2001:db8::ffff')).toBe('rate.limited')
    expect(await guess('ann@example.com', '2001:db8:0:1::')).toBe(wrong)

    for (let i = 0; i < 3; i++) expect(await guess('ann', `::ffff:${stranger}`)).toBe(wrong)
    expect(await guess('ann', stranger)).toBe('rate.limited')
  })

  it('let their owner in elsewhere while a stranger is locked out', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { LOGIN_FAILURES_MAX: '3' })
    await (await cluster.nodes[0].as()).register(accountOf('ann'))
    const guess = guesses(cluster)
    for (let i = 0; i < 20; i++) await guess('ann', stranger)
    expect(await guess('ann', stranger, password)).toBe('rate.limited')
    expect(await guess('ann', '192.0.2.99', password)).toBe('signed in')
    // What the owner does right frees nobody else.
    expect(await guess('ann', stranger, password)).toBe('rate.limited')
  })

  it('let in from networks they know while many strangers guess, and do not tell which those are', async () => {
    await using opened = await backend.open()
    const limits = { LOGIN_FAILURES_MAX: '3', LOGIN_FAILURES_PER_ACCOUNT_MAX: '6' }
    await using cluster = await openCluster(opened, limits)
    const [node] = cluster.nodes
    const home = '192.0.2.7'
    const { session } = await (await node.as(undefined, home)).register(accountOf('ann'))
    await (await node.as(session.accessToken)).logout()
    const guess = guesses(cluster)
    const story = [...Array(6).fill(wrong), ...Array(2).fill('rate.limited')]
    expect(await failFrom(cluster, 'ann', 8)).toEqual(story)
    expect(await failFrom(cluster, 'nobody', 8)).toEqual(story)

    expect(await guess('ann', '192.0.2.99', password)).toBe('rate.limited')
    expect(await guess('ann', home)).toBe('rate.limited')
    expect(await guess('ann', home, password)).toBe('signed in')
  })

  it('stay open to new networks however often their owners sign in rightly, and count each wrong guess', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { LOGIN_FAILURES_PER_ACCOUNT_MAX: '4' })
    const guess = guesses(cluster)
    await (await cluster.nodes[0].as()).register(accountOf('ann'))
    for (let i = 0; i < 6; i++) expect(await guess('ann', `198.51.100.${i}`, password)).toBe('signed in')
    for (let i = 0; i < 4; i++) {
      expect(await guess('ann', `203.0.113.${i}`)).toBe(wrong)
      if (i < 3) expect(await guess('ann', `192.0.2.${100 + i}`, password), 'and frees nobody').toBe('signed in')
    }
    for (let i = 0; i < 2; i++) expect(await guess('ann', '198.51.100.0', password)).toBe('signed in')
    expect(await guess('ann', '203.0.113.200'), 'nor does it from a network they know').toBe('rate.limited')
    for (let i = 0; i < 3; i++) expect(await guess('ann', `203.0.113.${201 + i}`, password)).toBe('rate.limited')
    expect(await guess('ann', '203.0.113.210'), 'nor a right guess that is refused').toBe('rate.limited')
  })

  it('are not guessed more often while their owners sign in', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { LOGIN_FAILURES_PER_ACCOUNT_MAX: '8' })
    const guess = guesses(cluster)
    await (await cluster.nodes[0].as()).register(accountOf('ann'))
    const everybody = Array.from({ length: 24 }, (_, i) =>
      guess('ann', `203.0.113.${i}`, i % 3 === 0 ? password : 'wrong'),
    )
    const looked = (await Promise.all(everybody)).filter((code) => code === wrong)
    expect(looked.length).toBeLessThanOrEqual(8)
    let more = 0
    while ((await guess('ann', `198.51.100.${more}`)) === wrong) more++
    expect(looked.length + more).toBeLessThanOrEqual(8)
  })

  it('are forgiven everything by a password reset', async () => {
    await using opened = await backend.open()
    const limits = { LOGIN_FAILURES_MAX: '3', LOGIN_FAILURES_PER_ACCOUNT_MAX: '6' }
    await using cluster = await openCluster(opened, limits)
    const [node] = cluster.nodes
    const home = '192.0.2.7'
    const { session } = await (await node.as(undefined, home)).register(accountOf('ann'))
    const guess = guesses(cluster)
    for (let i = 0; i < 3; i++) expect(await guess('ann', home)).toBe(wrong)
    await failFrom(cluster, 'ann', 6)
    const ann = await node.as(session.accessToken)
    const change = { currentPassword: 'wrong', newPassword: 'another long phrase' }
    for (let i = 0; i < 3; i++) expect(await refusal(ann.changePassword(change))).toBe(wrong)
    expect(await guess('ann', home, password)).toBe('rate.limited')

    cluster.pass(1)
    await node.setNewPassword('ann@example.com', change.newPassword)
    expect(await guess('ann', home, change.newPassword)).toBe('signed in')
    const fresh = await node.signIn('ann', change.newPassword)
    const again = { currentPassword: change.newPassword, newPassword: 'a third long phrase' }
    await (await node.as(fresh.accessToken)).changePassword(again)
  })

  it('are not guessed in parallel: at most the limit is looked at, in each way of counting', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, {
      LOGIN_FAILURES_MAX: '3',
      LOGIN_FAILURES_PER_ACCOUNT_MAX: '5',
      LOGIN_FAILURES_PER_ADDRESS_MAX: '7',
    })
    await (await cluster.nodes[0].as()).register(accountOf('ann'))
    await (await cluster.nodes[0].as()).register(accountOf('bob'))
    const guess = guesses(cluster)
    const looked = async (where: (i: number) => [login: string, address: string]) =>
      (await Promise.all(Array.from({ length: 12 }, (_, i) => guess(...where(i))))).filter((code) => code === wrong)
    expect(await looked(() => ['ann', stranger])).toHaveLength(3)
    expect(await looked((i) => ['bob', `203.0.113.${i}`])).toHaveLength(5)
    expect(await looked((i) => [`nobody${i}`, '192.0.2.66'])).toHaveLength(7)
  })

  it('do not get a fresh allowance for their address by signing in to an account of their own', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { LOGIN_FAILURES_PER_ADDRESS_MAX: '3' })
    const caller = await cluster.nodes[0].as()
    await caller.register(accountOf('mallory'))
    for (const login of ['ann', 'bob']) expect(await refusal(caller.login({ login, password }))).toBe(wrong)
    for (let i = 0; i < 5; i++) await caller.login({ login: 'mallory', password })
    expect(await refusal(caller.login({ login: 'cyd', password }))).toBe(wrong)
    expect(await refusal(caller.login({ login: 'dan', password }))).toBe('rate.limited')
  })

  it('get no allowance from a right guess that outlasts the time it counts for', async () => {
    const windowMs = 2000
    await using limit = await openSignInLimit(backend, { points: 2, windowMs })
    const guessFrom = (network: string, verify: () => Promise<true | null>) =>
      limit.guess({ account: 'ann', network, known: false }, verify).catch(({ code }: DomainError) => code)
    const right = () => pause(windowMs + 300, true as const)
    expect(await Promise.all([guessFrom('a', right), guessFrom('b', right)])).toEqual([true, true])
    const outcomes = await Promise.all(['c', 'd', 'e'].map((network) => guessFrom(network, async () => null)))
    expect(outcomes.sort()).toEqual([null, null, 'rate.limited'])
  })
})

/** The limit by itself, which counts wherever the backend keeps its counts; the rule is that of an account. */
async function openSignInLimit(backend: Backend, rule: { points: number; windowMs: number }) {
  const opened = await backend.open()
  const { REDIS_URL, REDIS_PREFIX } = readConfig({ ...opened.env })
  const redis = REDIS_URL === undefined ? null : new Redis(REDIS_URL)
  const limits = createRateLimits(redis, REDIS_PREFIX)
  const roomy = (name: string) => limits({ name, points: 100, windowMs: 60_000 })
  const perAccount = limits({ name: 'account', ...rule })
  return {
    ...createSignInLimit({ perAccount, perAccountAndNetwork: roomy('both'), perNetwork: roomy('network') }),
    async [Symbol.asyncDispose]() {
      redis?.disconnect()
      await opened[Symbol.asyncDispose]()
    },
  }
}
