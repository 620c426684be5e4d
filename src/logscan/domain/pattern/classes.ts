import { type CharSet, charSet, union } from './char-set.ts'

const range = (from: string, to: string) => [from.charCodeAt(0), to.charCodeAt(0)] as const

const digit = charSet([range('0', '9')])
const space = charSet([range('\t', '\n'), range('\f', '\r'), range(' ', ' ')])
const wordChars = charSet([range('0', '9'), range('A', 'Z'), range('_', '_'), range('a', 'z')])

/** A class of characters, or all but those of a class. */
export interface NamedClass {
  readonly set: CharSet
  readonly isInverse: boolean
}

/** `\d` and the like: ASCII, as RE2 has it. */
export const perlClasses: Readonly<Record<string, NamedClass>> = {
  d: { set: digit, isInverse: false },
  D: { set: digit, isInverse: true },
  s: { set: space, isInverse: false },
  S: { set: space, isInverse: true },
  w: { set: wordChars, isInverse: false },
  W: { set: wordChars, isInverse: true },
}

const lower = charSet([range('a', 'z')])
const upper = charSet([range('A', 'Z')])
const alpha = union(lower, upper)

/** `[[:alpha:]]` and the like. */
export const posixClasses: Readonly<Record<string, CharSet>> = {
  alnum: union(alpha, digit),
  alpha,
  ascii: charSet([[0, 0x7f]]),
  blank: charSet([range('\t', '\t'), range(' ', ' ')]),
  cntrl: charSet([
    [0, 0x1f],
    [0x7f, 0x7f],
  ]),
  digit,
  graph: charSet([range('!', '~')]),
  lower,
  print: charSet([range(' ', '~')]),
  punct: charSet([range('!', '/'), range(':', '@'), range('[', '`'), range('{', '~')]),
  space: union(space, charSet([[0x0b, 0x0b]])),
  upper,
  word: wordChars,
  xdigit: charSet([range('0', '9'), range('A', 'F'), range('a', 'f')]),
}

const made = new Map<string, CharSet | null>()

/** `\pL`, `\p{Greek}`: a general category or a script; null for what is neither. Looks at all of Unicode, once for each. */
export function unicodeClass(name: string): CharSet | null {
  let set = made.get(name)
  if (set === undefined) {
    set = name === 'Any' ? charSet([[0, 0x10ffff]]) : readUnicodeClass(name)
    made.set(name, set)
  }
  return set
}

function readUnicodeClass(name: string): CharSet | null {
  const test = propertyTest(name)
  if (test === null) return null
  const ranges: [number, number][] = []
  let from = -1
  for (let code = 0; code <= 0x110000; code++) {
    const isIn = code <= 0x10ffff && test.test(String.fromCodePoint(code))
    if (isIn && from < 0) from = code
    if (!isIn && from >= 0) {
      ranges.push([from, code - 1])
      from = -1
    }
  }
  return charSet(ranges)
}

function propertyTest(name: string): RegExp | null {
  if (!/^[A-Z][A-Za-z_]*$/.test(name)) return null
  for (const property of [`General_Category=${name}`, `Script=${name}`]) {
    try {
      return new RegExp(`^\\p{${property}}$`, 'u')
    } catch {
      // Not a name of this kind; maybe of the other.
    }
  }
  return null
}
