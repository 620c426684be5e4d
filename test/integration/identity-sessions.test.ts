import { describe, expect, it, vi } from 'vitest'
import { backends } from '../support/backends.ts'
import { accountOf, type IdentityNode, openCluster, refusal } from '../support/identity.ts'

const graceMs = 10_000
const settings = { REFRESH_GRACE_MS: String(graceMs), REGISTRATIONS_PER_HOUR_PER_ADDRESS: '1000' }

async function endings({ database }: IdentityNode, sessionId: string): Promise<unknown[]> {
  const sql = "SELECT type, payload FROM outbox WHERE subject = :subject AND type = 'session.revoked'"
  const rows = await database.select<{ payload: string }>(sql, { subject: `session:${sessionId}` })
  return rows.map(({ payload }) => JSON.parse(payload))
}

const sessionIdOf = (refreshToken: string) => String(refreshToken.split('.')[0])

describe.each(backends)('sessions on $name', (backend) => {
  it('rotate their refresh token, and slide their end with it', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { ...settings, SESSION_TTL_MS: '60000' })
    const [node, other] = cluster.nodes
    const first = (await (await node.as()).register(accountOf('ann'))).session
    let { refreshToken } = first
    for (let turn = 0; turn < 4; turn++) {
      cluster.pass(40_000)
      const { session } = await (await other.as()).refresh({ refreshToken })
      expect(session.refreshToken).not.toBe(refreshToken)
      expect((await (await other.as(session.accessToken)).me()).user.handle).toBe('ann')
      refreshToken = session.refreshToken
    }
    cluster.pass(60_001)
    expect(await refusal((await node.as()).refresh({ refreshToken }))).toBe('auth.token_invalid')
  })

  it('end when not used, also for access tokens that would live longer', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { ...settings, SESSION_TTL_MS: '60000' })
    const [node] = cluster.nodes
    const { session } = await (await node.as()).register(accountOf('ann'))
    cluster.pass(60_001)
    expect(await node.identity.authenticate(session.accessToken)).toBeNull()
  })

  it('give the same successor to 32 refreshes at once over two nodes, and again within the grace', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, settings)
    const [node, other] = cluster.nodes
    const { refreshToken } = (await (await node.as()).register(accountOf('ann'))).session
    const callers = await Promise.all([node.as(), other.as()])
    const answers = await Promise.all(Array.from({ length: 32 }, (_, i) => callers[i % 2]!.refresh({ refreshToken })))
    expect(new Set(answers.map(({ session }) => session.refreshToken)).size).toBe(1)

    cluster.pass(graceMs)
    const again = await (await other.as()).refresh({ refreshToken })
    expect(again.session.refreshToken).toBe(answers[0]?.session.refreshToken)
    const [row] = await node.database.select<{ refresh_counter: number }>('SELECT refresh_counter FROM sessions')
    expect(row?.refresh_counter).toBe(1)
    await (await node.as()).refresh({ refreshToken: again.session.refreshToken })
  })

  it.each(['after the grace', 'two generations back'])(
    'end at once, and are told once, when a token comes again %s',
    async (when) => {
      await using opened = await backend.open()
      await using cluster = await openCluster(opened, settings)
      const [node, other] = cluster.nodes
      const { refreshToken: stolen } = (await (await node.as()).register(accountOf('ann'))).session
      let newest = (await (await node.as()).refresh({ refreshToken: stolen })).session
      if (when === 'after the grace') cluster.pass(graceMs + 1)
      else newest = (await (await node.as()).refresh({ refreshToken: newest.refreshToken })).session
      expect(await node.identity.authenticate(newest.accessToken)).not.toBeNull()

      const callers = await Promise.all([node.as(), other.as()])
      const replays = Array.from({ length: 8 }, (_, i) => refusal(callers[i % 2]!.refresh({ refreshToken: stolen })))
      expect(new Set(await Promise.all(replays))).toEqual(new Set(['auth.token_invalid']))

      expect(await refusal((await node.as()).refresh({ refreshToken: newest.refreshToken }))).toBe('auth.token_invalid')
      await vi.waitFor(async () => expect(await node.identity.authenticate(newest.accessToken)).toBeNull(), {
        timeout: 1000,
      })
      const sessionId = sessionIdOf(stolen)
      expect(await endings(node, sessionId)).toEqual([{ sessionId, reason: 'reuse' }])
    },
  )

  it('take no token that was made up or changed, and stay open', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, settings)
    const [node] = cluster.nodes
    const { accessToken, refreshToken } = (await (await node.as()).register(accountOf('ann'))).session
    const [id, , mac] = refreshToken.split('.')
    const forged = ['x', `${id}.0`, `${id}.1.${mac}`, `${id}.0.${'A'.repeat(43)}`, `${id}.00.${mac}`]
    for (const token of forged)
      expect(await refusal((await node.as()).refresh({ refreshToken: token }))).toBe('auth.token_invalid')
    const tampered = [`${accessToken.slice(0, -2)}xx`, 'a.b.c', '', accessToken.replace(/\.[^.]*$/, '.')]
    for (const token of tampered) expect(await node.identity.authenticate(token)).toBeNull()
    expect(await node.identity.authenticate(accessToken)).toMatchObject({ sessionId: id, roles: ['user'], totp: false })
  })

  it('are refused on the other node within a second of their end', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, settings)
    const [node, other] = cluster.nodes
    const { accessToken } = (await (await node.as()).register(accountOf('ann'))).session
    expect(await other.identity.authenticate(accessToken)).not.toBeNull()
    await (await node.as(accessToken)).logout()
    expect(await node.identity.authenticate(accessToken)).toBeNull()
    await vi.waitFor(async () => expect(await other.identity.authenticate(accessToken)).toBeNull(), {
      timeout: 1000,
      interval: 20,
    })
    expect(await refusal((await node.as(accessToken)).me())).toBe('auth.token_invalid')
  })

  it('are listed, ended one by one, and all together', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, settings)
    const [node] = cluster.nodes
    const first = (await (await node.as()).register(accountOf('ann'))).session
    const stranger = (await (await node.as()).register(accountOf('bob'))).session
    cluster.pass(1)
    const second = await node.signIn('ann')
    const ann = await node.as(second.accessToken)
    const listed = (await ann.sessions()).sessions
    expect(listed.map(({ id, current }) => [id, current])).toEqual([
      [sessionIdOf(second.refreshToken), true],
      [sessionIdOf(first.refreshToken), false],
    ])

    const stranded = { sessionId: sessionIdOf(stranger.refreshToken) }
    expect(await refusal(ann.revokeSession(stranded))).toBe('auth.session_not_found')
    await ann.revokeSession({ sessionId: sessionIdOf(first.refreshToken) })
    expect(await refusal(ann.revokeSession({ sessionId: sessionIdOf(first.refreshToken) }))).toBe(
      'auth.session_not_found',
    )
    expect(await node.identity.authenticate(first.accessToken)).toBeNull()

    await node.signIn('ann')
    await ann.logoutEverywhere()
    expect(await node.identity.authenticate(second.accessToken)).toBeNull()
    expect(await node.identity.authenticate(stranger.accessToken)).not.toBeNull()
    const open = await node.database.select('SELECT id FROM sessions WHERE revoked_at_ms IS NULL')
    expect(open).toEqual([{ id: sessionIdOf(stranger.refreshToken) }])
  })

  it('never exceed their number per account: the oldest ends, also when many start at once', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, {
      ...settings,
      SESSIONS_PER_USER_MAX: '3',
      LOGIN_FAILURES_MAX: '100',
    })
    const [node, other] = cluster.nodes
    const oldest = (await (await node.as()).register(accountOf('ann'))).session
    const open = () => node.database.select('SELECT id FROM sessions WHERE revoked_at_ms IS NULL')
    for (let i = 0; i < 3; i++) {
      cluster.pass(1)
      await node.signIn('ann')
    }
    expect(await node.identity.authenticate(oldest.accessToken)).toBeNull()
    const sessionId = sessionIdOf(oldest.refreshToken)
    expect(await endings(node, sessionId)).toEqual([{ sessionId, reason: 'too_many' }])
    await Promise.all(Array.from({ length: 8 }, (_, i) => (i % 2 ? node : other).signIn('ann')))
    expect(await open()).toHaveLength(3)
    const told = await node.database.select("SELECT id FROM outbox WHERE type = 'session.revoked'")
    expect(told).toHaveLength(9)
  })

  it('are removed after their end, in bounded steps', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { ...settings, SESSION_TTL_MS: '60000' })
    const [node] = cluster.nodes
    for (const name of ['ann', 'bob', 'cyd']) await (await node.as()).register(accountOf(name))
    expect(await node.identity.prune(cluster.now(), 100)).toBe(0)
    cluster.pass(60_000)
    expect(await node.identity.prune(cluster.now(), 2)).toBe(2)
    expect(await node.identity.prune(cluster.now(), 2)).toBe(1)
  })
})
