import { describe, expect, it, vi } from 'vitest'
import { DomainError } from '../../src/kernel/errors.ts'
import { backends } from '../support/backends.ts'
import {
  accountOf,
  type IdentityCluster,
  type IdentityNode,
  openCluster,
  password,
  refusal,
  totpCode,
} from '../support/identity.ts'

const roomy = { LOGIN_FAILURES_MAX: '1000' }
const phrase = (i: number) => `another long phrase ${i}`
const wrong = 'auth.invalid_credentials'

async function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(() => 'done').catch(() => refusal(call))
}

async function registered({ nodes: [node] }: IdentityCluster, handle: string) {
  return node.as((await (await node.as()).register(accountOf(handle))).session.accessToken)
}

/** Changes a password so many times, each time to another. */
async function changes(caller: Awaited<ReturnType<IdentityNode['as']>>, count: number): Promise<string[]> {
  const outcomes: string[] = []
  let currentPassword = password
  for (let i = 0; i < count; i++) {
    const newPassword = phrase(i)
    const outcome = await outcomeOf(caller.changePassword({ currentPassword, newPassword }))
    if (outcome === 'done') currentPassword = newPassword
    outcomes.push(outcome)
  }
  return outcomes
}

describe.each(backends)('floods on $name', (backend) => {
  it('of password changes are stopped, right or wrong, for one account and not for others', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, roomy)
    const [ann, bob] = [await registered(cluster, 'ann'), await registered(cluster, 'bob')]
    expect(await changes(ann, 8)).toEqual([...Array(5).fill('done'), ...Array(3).fill('rate.limited')])
    const error = await ann.changePassword({ currentPassword: phrase(4), newPassword: password }).catch((e) => e.cause)
    expect(error).toBeInstanceOf(DomainError)
    expect(error.details.retryAfterMs).toBeGreaterThan(3_500_000)

    const guess = { currentPassword: 'wrong', newPassword: phrase(0) }
    for (let i = 0; i < 4; i++) expect(await refusal(bob.changePassword(guess))).toBe(wrong)
    expect(await changes(bob, 2)).toEqual(['done', 'rate.limited'])
    await vi.waitFor(() => expect(cluster.mails).toHaveLength(6))
  })

  it('of password changes are forgotten once the owner sets a new password by mail', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { ...roomy, PASSWORD_CHANGES_PER_HOUR: '1' })
    expect(await changes(await registered(cluster, 'ann'), 2)).toEqual(['done', 'rate.limited'])
    const [node] = cluster.nodes
    await vi.waitFor(() => expect(cluster.mails).toHaveLength(1))
    await node.setNewPassword('ann@example.com', password)
    const { accessToken } = await node.signIn('ann')
    expect(await changes(await node.as(accessToken), 2)).toEqual(['done', 'rate.limited'])
  })

  it('of notices stop at what one address may get, and take nothing from others', async () => {
    await using opened = await backend.open()
    const settings = { ...roomy, PASSWORD_CHANGES_PER_HOUR: '100', PASSWORD_NOTICES_PER_HOUR: '2' }
    await using cluster = await openCluster(opened, settings)
    const [ann, bob] = [await registered(cluster, 'ann'), await registered(cluster, 'bob')]
    expect(await changes(ann, 4)).toEqual(Array(4).fill('done'))
    await changes(bob, 1)
    await vi.waitFor(() => expect(cluster.mails.map(({ to }) => to)).toContain('bob@example.com'))
    expect(cluster.mails.map(({ to }) => to)).toEqual(['ann@example.com', 'ann@example.com', 'bob@example.com'])
  })

  it('of sign-ins are stopped per account, until its password is new, and nobody else is told', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { ...roomy, LOGINS_PER_HOUR_PER_ACCOUNT: '3' })
    const [node] = cluster.nodes
    for (const handle of ['ann', 'bob']) await registered(cluster, handle)
    let addresses = 0
    const signIn = async (login: string, secret = password) =>
      outcomeOf((await node.as(undefined, `192.0.2.${++addresses}`)).login({ login, password: secret }))
    const story: string[] = []
    for (const login of ['ann', 'ann@example.com', 'ANN', 'ann', 'ann']) story.push(await signIn(login))
    expect(story).toEqual([...Array(3).fill('done'), ...Array(2).fill('rate.limited')])
    expect(await node.database.select("SELECT id FROM audit_log WHERE action = 'auth.login'")).toHaveLength(3)
    expect([await signIn('ann', 'wrong'), await signIn('nobody', 'wrong')]).toEqual([wrong, wrong])
    expect(await signIn('bob')).toBe('done')

    cluster.pass(1)
    await node.setNewPassword('ann@example.com', phrase(0))
    expect(await signIn('ann', phrase(0))).toBe('done')
  })

  it('of sign-ins are stopped per network, also when they come at once', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { ...roomy, LOGINS_PER_HOUR_PER_ADDRESS: '4' })
    const [node] = cluster.nodes
    for (const handle of ['ann', 'bob']) await registered(cluster, handle)
    const signIn = async (login: string, address: string) =>
      outcomeOf((await node.as(undefined, address)).login({ login, password }))
    const from = (i: number) => `2001:db8::${i}`
    const story = await Promise.all(Array.from({ length: 7 }, (_, i) => signIn(i % 2 ? 'ann' : 'bob', from(i))))
    expect(story.sort()).toEqual([...Array(4).fill('done'), ...Array(3).fill('rate.limited')])
    expect(await signIn('ann', '192.0.2.7')).toBe('done')
  })

  it('of sign-ins with a second factor are stopped too, and who has to wait keeps the challenge', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { ...roomy, LOGINS_PER_HOUR_PER_ADDRESS: '1' })
    const [node] = cluster.nodes
    const ann = await registered(cluster, 'ann')
    const { secret } = await ann.totpBegin({ password })
    const { recoveryCodes } = await ann.totpConfirm({ code: totpCode(secret, cluster.now()) })
    const answers = [1, 2].map(async () => (await node.as()).login({ login: 'ann', password }))
    const [first, second] = (await Promise.all(answers)).map((answer) =>
      'challenge' in answer ? answer.challenge : '',
    )
    const complete = async (challenge: string | undefined, code: string | undefined, address?: string) =>
      outcomeOf((await node.as(undefined, address)).completeTotp({ challenge: challenge!, code: code! }))
    expect(await complete(first, recoveryCodes[0])).toBe('done')
    expect(await complete(second, recoveryCodes[1])).toBe('rate.limited')
    expect(await complete(second, recoveryCodes[1], '192.0.2.99')).toBe('done')
  })
})
