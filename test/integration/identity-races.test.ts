import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { defineSessions, sessionWriter } from '../../src/identity/adapters/sequelize/sessions.ts'
import { backends } from '../support/backends.ts'
import { accountOf, openCluster, password, refusal, totpCode } from '../support/identity.ts'

describe.each(backends)('races of accounts on $name', (backend) => {
  it.each([
    ['a password change', "password_hash = 'changed meanwhile'"],
    ['the second factor, by password alone', "totp_secret = 'proven meanwhile'"],
  ])('a sign-in under way does not slip past %s', async (_what, change) => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened)
    const [node, other] = cluster.nodes
    await (await node.as()).register(accountOf('ann'))
    const { database } = node
    const lock = database.dialect === 'mysql' ? 'FOR UPDATE' : ''
    const signIn = await database.transaction(async (tx) => {
      await tx.select(`SELECT id FROM users ${lock}`)
      const refused = refusal(other.signIn('ann'))
      await pause(500)
      await tx.change(`UPDATE users SET ${change}`)
      return { refused }
    })
    expect(await signIn.refused).toBe('auth.invalid_credentials')
    expect(await database.select('SELECT id FROM sessions')).toHaveLength(1)
  })

  it('a session that ends meanwhile turns no second factor on', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened)
    const [node] = cluster.nodes
    const { session } = await (await node.as()).register(accountOf('ann'))
    const ann = await node.as(session.accessToken)
    const { secret } = await ann.totpBegin({ password })
    await node.database.transaction((tx) => tx.change('UPDATE sessions SET revoked_at_ms = 1'))
    expect(await refusal(ann.totpConfirm({ code: totpCode(secret, cluster.now()) }))).toBe('auth.token_invalid')
    expect(await node.database.select('SELECT totp_secret FROM users')).toEqual([{ totp_secret: null }])
  })

  it('a refresh that comes late does not turn the session back', async () => {
    await using opened = await backend.open()
    await using cluster = await openCluster(opened)
    const [{ database, as }] = cluster.nodes
    const { session } = await (await as()).register(accountOf('ann'))
    const id = String(session.refreshToken.split('.')[0])
    const sessions = defineSessions(database.sequelize)
    const now = cluster.now()
    const times = { now, expiresAt: new Date(now.getTime() + 60_000) }
    const rotate = (counter: number) =>
      database.transaction((tx) => sessionWriter(tx, sessions).rotate(id, counter, times))
    expect(await Promise.all([rotate(0), rotate(0), rotate(0)])).toEqual(expect.arrayContaining([true, false, false]))
    expect(await rotate(1)).toBe(true)
    expect(await rotate(0)).toBe(false)
    const [row] = await database.select('SELECT refresh_counter FROM sessions')
    expect(row).toEqual({ refresh_counter: 2 })
  })
})
