import { readableCode } from '../domain/readable-code.ts'
import { newUser } from '../domain/user.ts'
import type { IdentityDeps } from './ports.ts'
import type { IdentityTx } from './store-port.ts'

export interface FirstAdmin {
  readonly email: string
  /** Only when it was made just now, here: nobody can read it again. */
  readonly password: string | null
  readonly created: boolean
}

interface FirstAdminSettings {
  readonly email: string | undefined
  readonly password: string | undefined
}

const defaultEmail = 'admin@localhost.localdomain'
const passwordBytes = 24

/** Makes an account with every right where none exists. Of two nodes that start together one makes it. */
export function createFirstAdmin({
  store,
  clock,
  ids,
  random,
  passwords,
}: Pick<IdentityDeps, 'store' | 'clock' | 'ids' | 'random' | 'passwords'>) {
  /** Somebody may have taken the plain handle before there was an admin. */
  async function freeHandle(tx: IdentityTx): Promise<string> {
    const taken = (await tx.users.byHandle('admin')) !== null
    return taken ? `admin_${readableCode(random.bytes(8)).replaceAll('-', '_')}` : 'admin'
  }

  return async (settings: FirstAdminSettings): Promise<FirstAdmin> => {
    const email = (settings.email ?? defaultEmail).toLowerCase()
    const existing = { email, password: null, created: false }
    if (await store.users.adminExists()) return existing
    const password = settings.password ?? readableCode(random.bytes(passwordBytes))
    const passwordHash = await passwords.hash(password)
    return store.transaction(async (tx) => {
      const handle = await freeHandle(tx)
      if (await tx.users.adminExists()) return existing
      const admin = newUser({
        id: ids.next(),
        email,
        handle,
        displayName: 'Admin',
        passwordHash,
        roles: ['user', 'admin'],
        now: clock.now(),
      })
      if (!(await tx.users.insert(admin))) {
        if (await tx.users.adminExists()) return existing
        throw new Error('the e-mail of the first admin belongs to an ordinary account: set ADMIN_EMAIL to another')
      }
      await tx.record({
        actor: 'system',
        action: 'auth.first_admin_created',
        subject: `user:${admin.id}`,
        details: { email },
      })
      return { email, password: settings.password === undefined ? password : null, created: true }
    })
  }
}
