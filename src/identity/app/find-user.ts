import type { IdentityDeps } from './ports.ts'

const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export interface NamedUser {
  readonly id: string
  readonly handle: string
}

/** Finds an account by handle or id, in any case; null when there is none, or it is gone. */
export function findUser({ store }: Pick<IdentityDeps, 'store'>) {
  return async (handleOrId: string): Promise<NamedUser | null> => {
    const name = handleOrId.trim().toLowerCase()
    const user = idPattern.test(name) ? await store.users.byId(name) : await store.users.byHandle(name)
    return user === null || user.status === 'deleted' ? null : { id: user.id, handle: user.handle }
  }
}
