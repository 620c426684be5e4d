import { describe, expect, it, vi } from 'vitest'
import type { Mail } from '../../src/platform/mail.ts'
import { backends } from '../support/backends.ts'
import { accountOf, type IdentityCluster, openCluster, password } from '../support/identity.ts'

const done = { done: true }
const isReset = ({ subject }: Mail) => subject.startsWith('Set a new')

async function registerAll({ nodes: [node] }: IdentityCluster, ...handles: string[]): Promise<void> {
  for (const handle of handles) await (await node.as()).register(accountOf(handle))
}

function asking({ nodes: [node] }: IdentityCluster) {
  return async (handle: string, address: string) =>
    (await node.as(undefined, address)).requestPasswordReset({ email: `${handle}@example.com` })
}

describe.each(backends)('reset mails on $name', (backend) => {
  it('are bounded by who asks, who is told nothing and takes no mail away from others', async () => {
    await using opened = await backend.open()
    const limits = { PASSWORD_RESETS_PER_HOUR_PER_ADDRESS: '2', PASSWORD_RESETS_PER_HOUR: '1' }
    await using cluster = await openCluster(opened, limits)
    await registerAll(cluster, 'ann', 'bob', 'cyd')
    const ask = asking(cluster)
    for (const [i, handle] of ['nobody', 'ann', 'bob', 'cyd', 'bob', 'cyd'].entries())
      expect(await ask(handle, `2001:db8::${i}`)).toEqual(done)
    await vi.waitFor(() => expect(cluster.mails).toHaveLength(1))

    expect(await ask('cyd', '192.0.2.9')).toEqual(done)
    await vi.waitFor(() => expect(cluster.mails).toHaveLength(2))
    expect(cluster.mails.map(({ to }) => to)).toEqual(['ann@example.com', 'cyd@example.com'])
  })

  it('that nobody takes off us do not hold up the notice that a password was changed', async () => {
    await using opened = await backend.open()
    const limits = {
      PASSWORD_RESETS_PER_HOUR_PER_ADDRESS: '10000',
      PASSWORD_RESETS_PER_HOUR: '1000',
      LOG_LEVEL: 'silent',
    }
    let open = () => {}
    const opening = new Promise<void>((resolve) => {
      open = resolve
    })
    await using cluster = await openCluster(opened, limits, async (mail) => (isReset(mail) ? opening : undefined))
    await registerAll(cluster, 'ann', 'bob')
    using _openAtTheEnd = { [Symbol.dispose]: open }
    const { accessToken } = await cluster.nodes[0].signIn('bob')
    const ask = asking(cluster)
    await Promise.all(Array.from({ length: 1100 }, (_, i) => ask(i < 1000 ? 'ann' : 'nobody', '192.0.2.9')))

    const bob = await cluster.nodes[0].as(accessToken)
    await bob.changePassword({ currentPassword: password, newPassword: 'another long phrase' })
    await vi.waitFor(() => expect(cluster.mails.map(({ to }) => to)).toEqual(['bob@example.com']), { timeout: 3000 })
  })
})
