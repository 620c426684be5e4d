export const roles = ['user', 'support', 'finance', 'auditor', 'admin'] as const

/** What an account may do. `user` is everybody; the others are staff. */
export type Role = (typeof roles)[number]

/** Who asks. `totp` says whether the second factor was proven in this very session. */
export interface Actor {
  readonly userId: string
  readonly sessionId: string
  readonly roles: readonly Role[]
  readonly totp: boolean
}

export function isStaff(actor: Pick<Actor, 'roles'>): boolean {
  return actor.roles.some((role) => role !== 'user')
}
