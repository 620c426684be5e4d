import type { CallOptions, Query } from './procedures.ts'

/** A list that answers in pages. */
export type PagedQuery<Input, Item> = Query<Input, { items: Item[]; nextCursor: string | null }>

/**
 * Every item of a list, page after page; only one page is in memory at a time. `limit` in the input is the page's size.
 * Rejects with XmError; leaving the loop early asks for nothing more.
 */
export async function* paginate<Input extends { cursor?: string | undefined }, Item>(
  list: PagedQuery<Input, Item>,
  input?: Omit<Input, 'cursor'>,
  options?: CallOptions,
): AsyncGenerator<Item, void, undefined> {
  let cursor: string | null = null
  do {
    const page: { items: Item[]; nextCursor: string | null } = await list.query(
      { ...input, ...(cursor === null ? {} : { cursor }) } as Input,
      options,
    )
    yield* page.items
    // A server that repeats itself must not keep the caller in an endless loop.
    cursor = page.nextCursor === cursor ? null : page.nextCursor
  } while (cursor !== null)
}
