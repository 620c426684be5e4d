import type { Procedures } from '../../../platform/trpc.ts'

/** Besides admins. */
export const readingRoles = ['support', 'auditor'] as const

/** Logs may hold what is private: only staff read them, and only admins, who may do all that staff may, change anything. */
export function logAccess({ staff }: Procedures) {
  return { reading: staff(...readingRoles), changing: staff() }
}
