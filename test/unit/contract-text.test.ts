import { describe, expect, it } from 'vitest'
import { exactLine, singleLineText, token } from '#contract'

const rule = 'must be one line of well-formed text without control characters'
const messagesOf = (schema: ReturnType<typeof singleLineText>, text: string) =>
  schema.safeParse(text).error?.issues.map(({ message }) => message)

const notOneLine = [
  'a\0b',
  '\u0007',
  'a\tb',
  'a\nb',
  'a\rb',
  'a\u001bb',
  'a\u007fb',
  'a\u0085b',
  'a\u2028b',
  'a\u2029b',
]
const illFormed = ['\ud800', 'a\udfff', '\udc00\ud800', '\ud83d b']

describe('text in one line', () => {
  it.each([...notOneLine, ...illFormed])('refuses %j, and says why', (text) => {
    for (const schema of [singleLineText({ min: 1, max: 20 }), exactLine({ min: 1, max: 20 })])
      expect(messagesOf(schema, text)).toEqual([rule])
  })

  it.each(['Zoë', '日本語', '👩‍👩‍👧 family', 'שלום', 'مرحبا', 'e\u0301', 'no\u00a0break', "a 'quoted' :name -- %"])(
    'takes %j as it is',
    (text) => {
      expect(singleLineText({ min: 1, max: 40 }).parse(text)).toBe(text)
      expect(exactLine({ min: 1, max: 40 }).parse(text)).toBe(text)
    },
  )

  it('does not count spaces and line ends around what people type, and does around what is exact', () => {
    expect(singleLineText({ min: 1, max: 2 }).parse('  ab\n')).toBe('ab')
    expect(singleLineText({ min: 1, max: 2 }).safeParse('   ').success).toBe(false)
    expect(exactLine({ min: 1, max: 4 }).parse(' ab ')).toBe(' ab ')
  })
})

describe('a token', () => {
  it.each(['a b', 'a\0', 'a\n', 'é', '\ud800', '😀', ' a'])('refuses %j', (text) => {
    expect(messagesOf(token({ min: 1, max: 20 }), text)).toEqual(['must be printable ASCII without spaces'])
  })

  it('takes all of printable ASCII', () => {
    const all = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).join('')
    expect(token({ min: 1, max: 94 }).parse(all)).toBe(all)
  })
})
