import { describe, expect, it, vi } from 'vitest'
import { backends } from '../support/backends.ts'
import { accountOf, type IdentityCluster, openCluster, password, refusal, resetToken } from '../support/identity.ts'

const roomy = {
  REGISTRATIONS_PER_HOUR_PER_ADDRESS: '1000',
  LOGIN_FAILURES_MAX: '100',
  PASSWORD_CHANGES_PER_HOUR: '1000',
}

async function actions({ nodes }: IdentityCluster): Promise<string[]> {
  return (await nodes[0].database.select<{ action: string }>('SELECT action FROM audit_log ORDER BY id')).map(
    ({ action }) => action,
  )
}

describe.each(backends)('accounts on $name', (backend) => {
  it('are made, signed in by e-mail or handle in any case, and shown', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened)
    const [node] = cluster.nodes
    const { user } = await (await node.as()).register({
      ...accountOf('Ann'),
      email: 'Ann@Example.com',
      displayName: 'Ann B.',
    })
    expect(user).toMatchObject({
      email: 'ann@example.com',
      handle: 'ann',
      displayName: 'Ann B.',
      roles: ['user'],
      totpEnabled: false,
    })
    for (const login of ['ANN', 'ann@EXAMPLE.com']) {
      const answer = await (await node.as()).login({ login, password })
      expect(answer).toMatchObject({ user })
    }
    expect(await node.identity.directory.findUser(' ANN ')).toEqual({ id: user.id, handle: 'ann' })
    expect(await node.identity.directory.findUser(user.id)).toEqual({ id: user.id, handle: 'ann' })
    expect(await node.identity.directory.findUser('nobody')).toBeNull()
    const nobody = '00000000-0000-7000-8000-000000000000'
    expect(await node.identity.directory.handlesOf([user.id, user.id, nobody])).toEqual(new Map([[user.id, 'ann']]))
    expect(await actions(cluster)).toEqual(['auth.registered', 'auth.login', 'auth.login'])
    expect(await node.database.select('SELECT type, subject FROM outbox')).toEqual([
      { type: 'user.registered', subject: `user:${user.id}` },
    ])
  })

  it('never share a handle or an e-mail, however many ask at once', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, roomy)
    const callers = await Promise.all(cluster.nodes.map((node) => node.as()))
    const race = (account: (i: number) => ReturnType<typeof accountOf>) =>
      Promise.all(
        Array.from({ length: 8 }, async (_, i) => {
          const call = callers[i % 2]!.register(account(i))
          return call.then(() => 'won').catch(() => refusal(call))
        }),
      )
    const handles = await race((i) => ({ ...accountOf('ann'), email: `ann${i}@example.com` }))
    expect(handles.sort()).toEqual([...Array(7).fill('auth.handle_taken'), 'won'])
    const emails = await race((i) => ({ ...accountOf(`bob${i}`), email: 'bob@example.com' }))
    expect(emails.sort()).toEqual([...Array(7).fill('auth.email_taken'), 'won'])
    expect(await cluster.nodes[0].database.select("SELECT id FROM outbox WHERE type = 'user.registered'")).toHaveLength(
      2,
    )
  })

  it('are not made with weak passwords, nor too many from one address', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { REGISTRATIONS_PER_HOUR_PER_ADDRESS: '2' })
    const caller = await cluster.nodes[0].as()
    const weak = { ...accountOf('ann'), password: 'Password123' }
    for (let i = 0; i < 3; i++) expect(await refusal(caller.register(weak))).toBe('auth.password_weak')
    await caller.register(accountOf('ann'))
    await caller.register(accountOf('bob'))
    expect(await refusal(caller.register(accountOf('cyd')))).toBe('rate.limited')
    await (await cluster.nodes[0].as(undefined, '192.0.2.2')).register(accountOf('cyd'))
  })

  it('say that they are suspended only to who knows the password, and their tokens stop', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, roomy)
    const [node] = cluster.nodes
    const { session } = await (await node.as()).register(accountOf('ann'))
    await node.database.transaction((tx) => tx.change("UPDATE users SET status = 'suspended'"))
    expect(await refusal((await node.as()).login({ login: 'ann', password: 'wrong' }))).toBe('auth.invalid_credentials')
    expect(await refusal((await node.as()).login({ login: 'ann', password }))).toBe('auth.account_suspended')
    expect(await refusal((await node.as()).refresh({ refreshToken: session.refreshToken }))).toBe('auth.token_invalid')
    await vi.waitFor(async () => expect(await node.identity.authenticate(session.accessToken)).toBeNull(), {
      timeout: 1000,
    })
  })

  it('change their password, which ends the other sessions', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { ...roomy, LOGIN_FAILURES_MAX: '3' })
    const [node] = cluster.nodes
    const { session: other } = await (await node.as()).register(accountOf('ann'))
    const session = await node.signIn('ann')
    const ann = await node.as(session.accessToken)
    const change = { currentPassword: password, newPassword: 'another long phrase' }
    expect(await refusal(ann.changePassword({ ...change, newPassword: 'aaaaaaaaaaaa' }))).toBe('auth.password_weak')
    expect(await refusal(ann.changePassword({ ...change, currentPassword: 'wrong' }))).toBe('auth.invalid_credentials')
    await ann.changePassword(change)
    expect(await node.identity.authenticate(other.accessToken)).toBeNull()
    expect(await node.identity.authenticate(session.accessToken)).not.toBeNull()
    expect(await refusal((await node.as()).login({ login: 'ann', password }))).toBe('auth.invalid_credentials')
    await node.signIn('ann', change.newPassword)
    await vi.waitFor(() =>
      expect(cluster.mails.at(-1)).toMatchObject({
        to: 'ann@example.com',
        subject: expect.stringContaining('changed'),
      }),
    )
    for (let i = 0; i < 3; i++)
      expect(await refusal(ann.changePassword({ ...change }))).toBe('auth.invalid_credentials')
    expect(await refusal(ann.changePassword({ ...change, currentPassword: change.newPassword }))).toBe('rate.limited')
  })

  it('get a new password by mail, once, and all their sessions end', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, {
      ...roomy,
      PASSWORD_RESETS_PER_HOUR: '3',
      PASSWORD_RESET_TTL_MS: '60000',
    })
    const [node, other] = cluster.nodes
    const { session } = await (await node.as()).register(accountOf('ann'))
    const anybody = await node.as()
    const ask = (email: string) => anybody.requestPasswordReset({ email })
    expect(await ask('nobody@example.com')).toEqual({ done: true })

    expect(await ask('ann@example.com')).toEqual({ done: true })
    await vi.waitFor(() => expect(cluster.mails).toHaveLength(1))
    const late = resetToken(cluster.mails)
    cluster.pass(60_000)
    expect(await refusal(anybody.resetPassword({ token: late, newPassword: 'another long phrase' }))).toBe(
      'auth.reset_invalid',
    )

    for (let i = 0; i < 4; i++) expect(await ask('ann@example.com')).toEqual({ done: true })
    await vi.waitFor(() => expect(cluster.mails).toHaveLength(3))
    const token = resetToken(cluster.mails)
    expect(await refusal(anybody.resetPassword({ token: 'made-up', newPassword: 'another long phrase' }))).toBe(
      'auth.reset_invalid',
    )
    expect(await refusal(anybody.resetPassword({ token, newPassword: 'ann@example.com' }))).toBe('auth.password_weak')
    const callers = [anybody, await other.as()]
    const uses = Array.from({ length: 4 }, (_, i) =>
      callers[i % 2]!.resetPassword({ token, newPassword: `another phrase ${i}` }),
    )
    const settled = await Promise.allSettled(uses)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const winner = settled.findIndex(({ status }) => status === 'fulfilled')
    for (const [i, use] of uses.entries()) if (i !== winner) expect(await refusal(use)).toBe('auth.reset_invalid')

    expect(await node.identity.authenticate(session.accessToken).then((actor) => actor && 'still open')).toBeNull()
    expect(await refusal(anybody.login({ login: 'ann', password }))).toBe('auth.invalid_credentials')
    await node.signIn('ann', `another phrase ${winner}`)
  })

  it('are not called what only the house is called', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { ...roomy, ADMIN_PASSWORD: password })
    const [node] = cluster.nodes
    const caller = await node.as()
    for (const handle of ['Admin', 'xm_support', 'supp0rt'])
      expect(await refusal(caller.register(accountOf(handle)))).toBe('auth.handle_taken')
    await node.identity.createFirstAdmin()
    expect(await node.identity.directory.findUser('admin')).toMatchObject({ handle: 'admin' })
  })

  it('have a first admin, made once by whichever node is first', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { STAFF_TOTP: 'optional' })
    const made = await Promise.all(cluster.nodes.map(({ identity }) => identity.createFirstAdmin()))
    const [fresh, ...rest] = made.sort((a, b) => Number(b.created) - Number(a.created))
    expect(fresh).toEqual({
      email: 'admin@localhost.localdomain',
      password: expect.stringMatching(/^[\w-]{20,}$/),
      created: true,
    })
    expect(rest).toEqual([{ email: 'admin@localhost.localdomain', password: null, created: false }])
    const { accessToken } = await cluster.nodes[1].signIn('admin', String(fresh?.password))
    expect(await cluster.nodes[0].identity.authenticate(accessToken)).toMatchObject({ roles: ['user', 'admin'] })
  })
})
