import { isStaff } from '../../kernel/actor.ts'
import type { IdentityDeps } from './ports.ts'

/** Whether somebody has an account with a staff role, and may use it. */
export function isActiveStaff({ store }: Pick<IdentityDeps, 'store'>) {
  return async (userId: string): Promise<boolean> => {
    const user = await store.users.byId(userId)
    return user !== null && user.status === 'active' && isStaff(user)
  }
}
