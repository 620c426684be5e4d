import { describe, expect, it } from 'vitest'
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

const stepMs = 30_000
const settings = { REGISTRATIONS_PER_HOUR_PER_ADDRESS: '1000', LOGIN_FAILURES_MAX: '100' }

/** Registers and enrols; the code of the present step is used up afterwards. */
async function enrol(cluster: IdentityCluster, handle = 'ann') {
  const [node] = cluster.nodes
  const { session } = await (await node.as()).register(accountOf(handle))
  const caller = await node.as(session.accessToken)
  const { secret } = await caller.totpBegin({ password })
  const { recoveryCodes } = await caller.totpConfirm({ code: totpCode(secret, cluster.now()) })
  return { caller, session, secret, recoveryCodes }
}

async function challengeOf(node: IdentityNode, secret = password): Promise<string> {
  const answer = await (await node.as()).login({ login: 'ann', password: secret })
  if (!('challenge' in answer)) throw new Error('no second factor was asked for')
  return answer.challenge
}

async function outcome(node: IdentityNode, challenge: string, code: string, address?: string): Promise<string> {
  const call = (await node.as(undefined, address)).completeTotp({ challenge, code })
  return call.then(() => 'signed in').catch(() => refusal(call))
}

describe.each(backends)('the second factor on $name', (backend) => {
  it('is asked for once proven, and its codes count once', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, settings)
    const [node, other] = cluster.nodes
    const { caller, secret, recoveryCodes } = await enrol(cluster)
    expect(new Set(recoveryCodes).size).toBe(10)
    expect((await caller.me()).user.totpEnabled).toBe(true)
    expect(await refusal(caller.totpBegin({ password }))).toBe('auth.totp_already_enabled')
    expect(await refusal(caller.totpConfirm({ code: '000000' }))).toBe('auth.totp_already_enabled')

    const challenge = await challengeOf(node)
    expect(await outcome(node, challenge, totpCode(secret, cluster.now()))).toBe('auth.totp_invalid')
    cluster.pass(stepMs)
    const code = totpCode(secret, cluster.now())
    expect(await outcome(other, challenge, code)).toBe('signed in')
    expect(await outcome(node, challenge, code)).toBe('auth.challenge_invalid')
    expect(await outcome(node, await challengeOf(node), code)).toBe('auth.totp_invalid')
    const failed = await node.database.select("SELECT id FROM audit_log WHERE action = 'auth.totp_failed'")
    expect(failed).toHaveLength(2)
    const [stored] = await node.database.select<{ totp_secret: string }>('SELECT totp_secret FROM users')
    expect(stored?.totp_secret).not.toContain(secret)
  })

  it('takes one code once when it is used twice at the same time, and leaves the other challenge usable', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, settings)
    const { secret } = await enrol(cluster)
    cluster.pass(stepMs)
    const code = totpCode(secret, cluster.now())
    const challenges = await Promise.all(cluster.nodes.map((node) => challengeOf(node)))
    const outcomes = await Promise.all(cluster.nodes.map((node, i) => outcome(node, challenges[i]!, code)))
    expect([...outcomes].sort()).toEqual(['auth.totp_invalid', 'signed in'])

    cluster.pass(stepMs)
    const loser = challenges[outcomes.indexOf('auth.totp_invalid')]!
    expect(await outcome(cluster.nodes[0], loser, totpCode(secret, cluster.now()))).toBe('signed in')
  })

  it('signs in once a challenge, whatever codes are at hand', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, settings)
    const { recoveryCodes } = await enrol(cluster)
    const challenge = await challengeOf(cluster.nodes[0])
    const outcomes = await Promise.all(
      [0, 1, 2, 3].map((i) => outcome(cluster.nodes[i % 2]!, challenge, recoveryCodes[i]!)),
    )
    expect([...outcomes].sort()).toEqual([...Array(3).fill('auth.challenge_invalid'), 'signed in'])
  })

  it('takes each recovery code once, however it is typed', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, settings)
    const [node] = cluster.nodes
    const { recoveryCodes } = await enrol(cluster)
    const [first, second] = recoveryCodes as [string, string]
    expect(await outcome(node, await challengeOf(node), first.toUpperCase().replaceAll('-', ' '))).toBe('signed in')
    expect(await outcome(node, await challengeOf(node), first)).toBe('auth.totp_invalid')
    const challenges = await Promise.all([challengeOf(node), challengeOf(node)])
    const outcomes = await Promise.all(challenges.map((challenge, i) => outcome(cluster.nodes[i]!, challenge, second)))
    expect(outcomes.sort()).toEqual(['auth.totp_invalid', 'signed in'])
  })

  it('ends a challenge after five wrong codes, a password change, and its time', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, settings)
    const [node] = cluster.nodes
    const { caller, recoveryCodes } = await enrol(cluster)
    const worn = await challengeOf(node)
    for (let i = 0; i < 5; i++) expect(await outcome(node, worn, 'not-a-code')).toBe('auth.totp_invalid')
    expect(await outcome(node, worn, recoveryCodes[0]!)).toBe('auth.challenge_invalid')

    const outdated = await challengeOf(node)
    cluster.pass(1)
    await caller.changePassword({ currentPassword: password, newPassword: 'another long phrase' })
    expect(await outcome(node, outdated, recoveryCodes[0]!)).toBe('auth.challenge_invalid')
    expect(await outcome(node, 'made-up', recoveryCodes[0]!)).toBe('auth.challenge_invalid')
  })

  it('bounds the codes tried on one account, over many challenges', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { ...settings, LOGIN_FAILURES_MAX: '7' })
    const [node] = cluster.nodes
    const { recoveryCodes } = await enrol(cluster)
    const challenges = [await challengeOf(node), await challengeOf(node)]
    for (let i = 0; i < 7; i++) expect(await outcome(node, challenges[i % 2]!, '000000')).toBe('auth.totp_invalid')
    expect(await outcome(node, challenges[0]!, recoveryCodes[0]!)).toBe('rate.limited')
  })

  it('bounds them over networks, nodes and calls too, until the owner sets a new password', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { ...settings, LOGIN_FAILURES_MAX: '7' })
    const [node, other] = cluster.nodes
    const { caller, recoveryCodes } = await enrol(cluster)
    // The counts of nodes that share no Redis are their own.
    const second = backend.name === 'embedded' ? node : other
    const challenges = [await challengeOf(node), await challengeOf(second)]
    for (let i = 0; i < 4; i++)
      expect(await outcome([node, second][i % 2]!, challenges[i % 2]!, '000000', `192.0.2.${i}`)).toBe(
        'auth.totp_invalid',
      )
    for (let i = 0; i < 3; i++)
      expect(await refusal(caller.totpDisable({ password, code: '000000' }))).toBe('auth.totp_invalid')
    expect(await outcome(node, await challengeOf(node), recoveryCodes[0]!, '203.0.113.1')).toBe('rate.limited')
    expect(await refusal(caller.totpDisable({ password, code: recoveryCodes[0]! }))).toBe('rate.limited')

    cluster.pass(1)
    const newPassword = 'another long phrase'
    await node.setNewPassword('ann@example.com', newPassword)
    expect(await outcome(node, challenges[0]!, recoveryCodes[0]!)).toBe('auth.challenge_invalid')
    expect(await outcome(node, await challengeOf(node, newPassword), recoveryCodes[0]!)).toBe('signed in')
  })

  it('goes away against password and code', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, settings)
    const { caller, secret, recoveryCodes } = await enrol(cluster)
    const wrong = { password, code: totpCode(secret, cluster.now()) }
    expect(await refusal(caller.totpDisable(wrong))).toBe('auth.totp_invalid')
    expect(await refusal(caller.totpDisable({ password: 'wrong', code: recoveryCodes[0]! }))).toBe(
      'auth.invalid_credentials',
    )
    await caller.totpDisable({ password, code: recoveryCodes[0]! })
    expect((await caller.me()).user.totpEnabled).toBe(false)
    await cluster.nodes[0].signIn('ann')
    expect(await refusal(caller.totpConfirm({ code: totpCode(secret, cluster.now()) }))).toBe('auth.totp_not_enabled')
  })

  it('is all that staff can set up without it, and what they cannot drop', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { ...settings, ADMIN_PASSWORD: password })
    const [node] = cluster.nodes
    expect(await node.identity.createFirstAdmin()).toMatchObject({ created: true, password: null })
    const { accessToken } = await node.signIn('admin')
    const admin = await node.as(accessToken)
    expect(await refusal(admin.sessions())).toBe('auth.totp_enrolment_required')
    const { secret } = await admin.totpBegin({ password })
    expect(await refusal(admin.totpConfirm({ code: 'nonsense' }))).toBe('auth.totp_invalid')
    const { recoveryCodes } = await admin.totpConfirm({ code: totpCode(secret, cluster.now()) })
    const enrolled = await node.as(accessToken)
    expect((await enrolled.sessions()).sessions).toHaveLength(1)
    expect(await refusal(enrolled.totpDisable({ password, code: recoveryCodes[0]! }))).toBe('auth.forbidden')
  })
})
