import { DomainError } from '../../../kernel/errors.ts'
import type { Page } from '../../../kernel/page.ts'

/** Where a page ended, in the order of its list: numbers and ids. */
export type Seek = readonly string[]

/** Reads a cursor that `seekPage` made of so many parts, the first of which is a number. Throws `page.cursor_invalid`. */
export function readSeek(cursor: string | null, parts: RegExp): Seek | null {
  if (cursor === null) return null
  const found = parts.exec(Buffer.from(cursor, 'base64url').toString('utf8'))
  if (found === null) throw new DomainError('page.cursor_invalid', 'invalid', { field: 'cursor' })
  return found.slice(1)
}

/** Cuts a page from `limit + 1` rows. A row that changes its place in the order meanwhile is found at its new one. */
export function seekPage<Row, T>(
  rows: readonly Row[],
  limit: number,
  { to, seekOf }: { to(row: Row): T; seekOf(row: Row): Seek },
): Page<T> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const more = rows.length > limit && last !== undefined
  return {
    items: shown.map(to),
    nextCursor: more ? Buffer.from(seekOf(last).join(':'), 'utf8').toString('base64url') : null,
  }
}
