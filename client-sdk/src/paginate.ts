import type { CallOptions, Query } from './procedures.ts'

interface PageOf<Item> {
  items: Item[]
  nextCursor: string | null
}

/** A list that answers in pages. */
export type PagedQuery<Input, Item> = Query<Input, PageOf<Item>>

/**
 * Every item of a list, page after page; only one page is in memory at a time. `limit` in the input is the page's size.
 * Rejects with XmError; leaving the loop early asks for nothing more.
 */
export async function* paginate<Input extends { cursor?: string | undefined } | undefined, Item>(
  list: PagedQuery<Input, Item>,
  input?: Omit<NonNullable<Input>, 'cursor'>,
  options?: CallOptions,
): AsyncGenerator<Item, void, undefined> {
  // Whether the input may be left out is not known of lists in general.
  const ask = list.query as (input: object, options?: CallOptions) => Promise<PageOf<Item>>
  let cursor: string | null = null
  do {
    const page: PageOf<Item> = await ask({ ...input, ...(cursor === null ? {} : { cursor }) }, options)
    yield* page.items
    // A server that repeats itself must not keep the caller in an endless loop.
    cursor = page.nextCursor === cursor ? null : page.nextCursor
  } while (cursor !== null)
}
