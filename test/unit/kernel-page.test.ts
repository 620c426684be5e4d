import { describe, expect, it } from 'vitest'
import { pageRequest, toPage } from '../../src/kernel/page.ts'

const id = (number: number) => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`
const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ id: id(100 - index) }))

describe('a page', () => {
  it.each([
    [0, 0, false],
    [2, 2, false],
    [3, 3, false],
    [4, 3, true],
  ])('of 3, cut from %s rows, has %s items; more to come: %s', (found, items, more) => {
    const page = toPage(rows(found), 3)
    expect(page.items).toHaveLength(items)
    expect(page.nextCursor !== null).toBe(more)
  })

  it('leads to the rows before its last item', () => {
    const { items, nextCursor } = toPage(rows(4), 3)
    expect(pageRequest({ cursor: nextCursor!, limit: 3 })).toEqual({ beforeId: items.at(-1)!.id, limit: 3 })
  })

  it.each([
    '',
    'x',
    '%',
    Buffer.from("' OR 1=1").toString('base64url'),
    Buffer.from(id(1).toUpperCase().replace('8', 'G')).toString('base64url'),
  ])('is not found by the cursor %j', (cursor) => {
    expect(() => pageRequest({ cursor, limit: 3 })).toThrow('page.cursor_invalid')
  })

  it('without a cursor is the first', () => {
    expect(pageRequest({ limit: 3 })).toEqual({ beforeId: null, limit: 3 })
  })
})
