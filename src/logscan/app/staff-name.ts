import type { Actor } from '../../kernel/actor.ts'

/** Who did it, for the audit: only staff change anything here. */
export function staffName({ userId }: Pick<Actor, 'userId'>): string {
  return `staff:${userId}`
}
