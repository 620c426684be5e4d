import { DomainError } from './errors.ts'

/** A slice of a list, newest first. `nextCursor` is null at the end. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

/** What a paged query needs: everything before `beforeId` (exclusive), at most `limit` rows. */
export interface PageRequest {
  readonly beforeId: string | null
  readonly limit: number
}

const cursorPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Reads a cursor that `toPage` made. Throws `page.cursor_invalid`. */
export function pageRequest(input: { cursor?: string | undefined; limit: number }): PageRequest {
  if (input.cursor === undefined) return { beforeId: null, limit: input.limit }
  const beforeId = Buffer.from(input.cursor, 'base64url').toString('utf8')
  if (!cursorPattern.test(beforeId)) throw new DomainError('page.cursor_invalid', 'invalid', { field: 'cursor' })
  return { beforeId, limit: input.limit }
}

/** Cuts a page from `limit + 1` rows ordered by descending id; ids grow with time, so pages stay stable under inserts. */
export function toPage<T extends { readonly id: string }>(rows: readonly T[], limit: number): Page<T> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  const more = rows.length > limit && last !== undefined
  return { items, nextCursor: more ? Buffer.from(last.id, 'utf8').toString('base64url') : null }
}
