import { io as connect } from 'socket.io-client'
import { describe, expect, it, vi } from 'vitest'
import { migrations } from '../../db/migrations/index.ts'
import { readConfig } from '../../src/platform/config.ts'
import { openDatabase } from '../../src/platform/database/database.ts'
import { migrate } from '../../src/platform/database/migrate.ts'
import { backends } from '../support/backends.ts'
import { accountOf, type IdentityCluster, openCluster, password, refusal, totpCode } from '../support/identity.ts'
import { silent } from '../support/payments.ts'
import { openProduct } from '../support/product.ts'
import { refusalOf, signInAdmin } from '../support/sdk.ts'

const stepMs = 30_000
const sessionIdOf = (refreshToken: string) => String(refreshToken.split('.')[0])

async function openStaff(cluster: IdentityCluster) {
  const [node] = cluster.nodes
  await node.identity.createFirstAdmin()
  const [thief, owner] = [await node.signIn('admin'), await node.signIn('admin')]
  const caller = await node.as(owner.accessToken)
  const { secret } = await caller.totpBegin({ password })
  return { thief, owner, caller, secret }
}

describe.each(backends)('what the second factor opens on $name', (backend) => {
  it('is the session that proved it, not one that a thief of the password holds', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { ADMIN_PASSWORD: password })
    const [node, other] = cluster.nodes
    const { thief, owner, caller, secret } = await openStaff(cluster)
    await caller.totpConfirm({ code: totpCode(secret, cluster.now()) })

    expect(await node.identity.authenticate(thief.accessToken)).toBeNull()
    expect(await refusal((await other.as()).refresh({ refreshToken: thief.refreshToken }))).toBe('auth.token_invalid')
    const told = await node.database.select<{ payload: string }>(
      "SELECT payload FROM outbox WHERE type = 'session.revoked'",
    )
    expect(told.map(({ payload }) => JSON.parse(payload))).toEqual([
      { sessionId: sessionIdOf(thief.refreshToken), reason: 'totp_enabled' },
    ])
    expect(await node.identity.authenticate(owner.accessToken)).toMatchObject({ totp: true })
  })

  it('is asked of each session: one of a staff account that did not prove it may only enrol', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened, { ADMIN_PASSWORD: password })
    const [node] = cluster.nodes
    const { owner, caller, secret } = await openStaff(cluster)
    await caller.totpConfirm({ code: totpCode(secret, cluster.now()) })
    await node.database.transaction((tx) => tx.change('UPDATE sessions SET totp_proven = 0'))
    await vi.waitFor(async () =>
      expect(await node.identity.authenticate(owner.accessToken)).toMatchObject({ totp: false }),
    )
    expect(await refusal((await node.as(owner.accessToken)).sessions())).toBe('auth.totp_enrolment_required')
  })

  it('stays open through refreshes, however it was proven, until it is disabled', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened)
    const [node] = cluster.nodes
    const { session: first } = await (await node.as()).register(accountOf('ann'))
    const ann = await node.as(first.accessToken)
    const totp = async (token: string) => (await node.identity.authenticate(token))?.totp
    expect(await totp(first.accessToken)).toBe(false)
    const { secret } = await ann.totpBegin({ password })
    const { recoveryCodes } = await ann.totpConfirm({ code: totpCode(secret, cluster.now()) })
    cluster.pass(stepMs)

    const sessions = [first]
    for (const code of [totpCode(secret, cluster.now()), recoveryCodes[0]!]) {
      const answer = await (await node.as()).login({ login: 'ann', password })
      if (!('challenge' in answer)) throw new Error('no second factor was asked for')
      sessions.push((await (await node.as()).completeTotp({ challenge: answer.challenge, code })).session)
    }
    const refreshed: string[] = []
    for (const { refreshToken } of sessions)
      refreshed.push((await (await node.as()).refresh({ refreshToken })).session.accessToken)
    expect(await Promise.all(refreshed.map(totp))).toEqual([true, true, true])

    await ann.totpDisable({ password, code: recoveryCodes[1]! })
    await vi.waitFor(async () => expect(await Promise.all(refreshed.map(totp))).toEqual([false, false, false]))
    expect(await totp((await node.signIn('ann')).accessToken)).toBe(false)
  })

  it('is nothing for sessions from before each said so: theirs end where there is a second factor', async () => {
    await using opened = await backend.open()
    await using database = await openDatabase(readConfig({ ...opened.env }))
    const before = migrations.filter(({ name }) => name < '0012')
    await migrate(database, before, silent)
    const id = (n: number) => `00000000-0000-7000-8000-00000000000${n}`
    await database.transaction(async (tx) => {
      for (const [n, secret] of [1, 2].map((n) => [n, n === 1 ? 'sealed' : null] as const)) {
        const user = { id: id(n), name: `user${n}`, secret }
        await tx.change(
          `INSERT INTO users (id, email, handle, display_name, password_hash, password_changed_at_ms, roles, status,
            totp_secret, created_at_ms) VALUES (:id, :name, :name, :name, 'hash', 1, 'user', 'active', :secret, 1)`,
          user,
        )
        await tx.change(
          `INSERT INTO sessions (id, user_id, nonce, refresh_counter, created_at_ms, last_used_at_ms, rotated_at_ms,
            expires_at_ms) VALUES (:id, :id, 'nonce', 0, 1, 2, 1, 9)`,
          user,
        )
      }
    })
    await migrate(database, migrations, silent)
    const rows = await database.select<{ revoked_at_ms: unknown }>('SELECT revoked_at_ms FROM sessions ORDER BY id')
    expect(rows.map(({ revoked_at_ms: ms }) => (ms === null ? 'open' : Number(ms)))).toEqual([2, 'open'])
  })
})

describe('sockets of staff', () => {
  const [embedded] = backends

  function socketOf(url: string, token: string) {
    const story: string[] = []
    const socket = connect(url, { auth: { token }, transports: ['websocket'], forceNew: true, reconnection: false })
    socket.on('connect', () => story.push('in'))
    socket.on('disconnect', () => story.push('out'))
    socket.on('connect_error', (error) => story.push((error as Error & { data?: { code: string } }).data?.code ?? ''))
    return { story, [Symbol.dispose]: () => void socket.close() }
  }

  async function enrolled(url: string) {
    const [thief, owner] = [await signInAdmin(url), await signInAdmin(url)]
    const tokenOf = async (client: typeof owner) => (await client.session.current())!.accessToken
    const enrol = async () => {
      const { secret } = await owner.auth.totpBegin.mutate({ password: 'admin password of the tests' })
      await owner.auth.totpConfirm.mutate({ code: totpCode(secret, new Date()) })
    }
    return { thief, owner, thiefToken: await tokenOf(thief), ownerToken: await tokenOf(owner), enrol }
  }

  it('end with the sessions that did not prove the second factor', async () => {
    await using product = await openProduct(embedded!)
    const { url } = product.app
    const { thief, thiefToken, ownerToken, enrol } = await enrolled(url)
    using stolen = socketOf(url, thiefToken)
    using own = socketOf(url, ownerToken)
    await vi.waitFor(() => expect([stolen.story, own.story]).toEqual([['in'], ['in']]), { timeout: 5_000 })
    await enrol()
    await vi.waitFor(() => expect(stolen.story).toEqual(['in', 'out']), { timeout: 3_000 })
    expect(own.story).toEqual(['in'])
    expect(await refusalOf(thief.auth.me.query())).toMatchObject({ code: 'auth.token_invalid' })
  })

  it('are let in by what their session proved', async () => {
    await using product = await openProduct(embedded!, { STAFF_TOTP: 'required' })
    const { url, database } = product.app
    const { owner, ownerToken, enrol } = await enrolled(url)
    await enrol()
    expect(await owner.admin.ledger.verify.query()).toMatchObject({ ok: true })
    using own = socketOf(url, ownerToken)
    await vi.waitFor(() => expect(own.story).toEqual(['in']), { timeout: 5_000 })

    await database.transaction((tx) => tx.change('UPDATE sessions SET totp_proven = 0'))
    await vi.waitFor(async () =>
      expect(await refusalOf(owner.admin.ledger.verify.query())).toMatchObject({
        code: 'auth.totp_enrolment_required',
      }),
    )
    using unproven = socketOf(url, ownerToken)
    await vi.waitFor(() => expect(unproven.story).toEqual(['auth.totp_enrolment_required']), { timeout: 5_000 })
  })
})
