import fc from 'fast-check'
import { createRandom, type Random } from './prepared-lines.ts'

/** A pattern in RE2's syntax, and a RegExp that means the same where a newline stands for what is no character. */
export interface PatternPair {
  readonly source: string
  readonly regExp: RegExp
  /** A text that mostly matches: nothing is made of its assertions. */
  example(random: Random): string
}

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'class'; readonly of: CharClass }
  | { readonly kind: 'assert'; readonly sign: '^' | '$' | '\\b' }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly sign: string }
  | { readonly kind: 'gap'; readonly before: string; readonly after: string }
  | { readonly kind: 'fold'; readonly part: Node }

/** In RE2's syntax, for a RegExp, for a RegExp where case does not matter, and some characters of it. */
type CharClass = readonly [source: string, plain: string, folded: string, chars: string]

/** Classes of a few characters, which lines have no long runs of. */
const smallClasses: readonly CharClass[] = [
  ['[ab]', '[ab]', '[abAB]', 'ab'],
  ['[b-df]', '[b-df]', '[b-dfB-DF]', 'bcf'],
  ['\\d', '[0-9]', '[0-9]', '019'],
  ['[[:upper:]]', '[A-Z]', '[A-Za-z\u017f\u212a]', 'AKZ'],
  ['\\w', '[0-9A-Za-z_]', '[0-9A-Za-z_\u017f\u212a]', 'az_9'],
  ['\\s', '[\\t\\f\\r ]', '[\\t\\f\\r ]', ' \t\r'],
  ['[é-ü]', '[é-ü]', '[é-üÉ-ÖØ-Ü]', 'éü'],
  ['[€-₿x]', '[€-₿x]', '[€-₿xX]', '€x'],
  ['\\x{1F600}', '😀', '😀', '😀'],
]
const wideClasses: readonly CharClass[] = [
  ['.', '[^\\n]', '[^\\n]', '~é€😀\r\0'],
  ['(?s:.)', '[^\\n]', '[^\\n]', '~\r'],
  ['[^a]', '[^a\\n]', '[^aA\\n]', 'b~é\r'],
  ['[^\\x00-~]', '[^\\0-~]', '[^\\0-~\u017f\u212a]', 'é€😀'],
  ['[^\\w]', '[^0-9A-Za-z_\\n]', '[^0-9A-Za-z_\\n\u017f\u212a]', '~ é'],
  ['\\S', '[^\\t\\f\\r \\n]', '[^\\t\\f\\r \\n]', 'a~€'],
  ['\\pL', '\\p{L}', '\\p{L}', 'zé'],
]
const foldedChars: Readonly<Record<string, string>> = { é: '[éÉ]', k: '[kK\u212a]', s: '[sS\u017f]' }

const words = ['foo', 'bar', 'error', 'err', 'ok', 'ks', 'ab', 'été', '€', '😀', 'b a', 'x\0y', 'a.b', '1_', 'ba\r']
const chars = ['a', 'b', 'k', 's', 'é', '€', '1', ' ', '-', '\r', '\0']

const text = (texts: readonly string[]) =>
  fc.constantFrom(...texts).map((chosen): Node => ({ kind: 'text', text: chosen }))
const classOf = (classes: readonly CharClass[]) =>
  fc.constantFrom(...classes).map((of): Node => ({ kind: 'class', of }))
const assertion = fc.constantFrom('^', '$', '\\b').map((sign): Node => ({ kind: 'assert', sign }) as Node)
const gap = fc
  .tuple(fc.constantFrom(...words), fc.constantFrom(...words))
  .map(([before, after]): Node => ({ kind: 'gap', before, after }))
/** What a backtracking RegExp takes long for is not generated: nested loops, and loops over what long lines are made of. */
const loop = fc
  .tuple(fc.oneof(text(chars), classOf(smallClasses)), fc.constantFrom('*', '+', '+?', '{2,}', '{33,}'))
  .map(([part, sign]): Node => ({ kind: 'repeat', part, sign }))

const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { arbitrary: text(words), weight: 4 },
    { arbitrary: text(chars), weight: 2 },
    { arbitrary: classOf([...smallClasses, ...wideClasses]), weight: 2 },
    { arbitrary: assertion, weight: 2 },
    { arbitrary: loop, weight: 1 },
    { arbitrary: gap, weight: 1 },
    {
      arbitrary: fc
        .array(tie('node'), { minLength: 1, maxLength: 4 })
        .map((parts): Node => ({ kind: 'sequence', parts })),
      weight: 4,
    },
    {
      arbitrary: fc
        .array(tie('node'), { minLength: 2, maxLength: 3 })
        .map((options): Node => ({ kind: 'choice', options })),
      weight: 2,
    },
    {
      arbitrary: fc
        .tuple(tie('node'), fc.constantFrom('?', '??', '{0,2}', '{2}', '{1,3}', '{0}'))
        .map(([part, sign]): Node => ({ kind: 'repeat', part, sign })),
      weight: 2,
    },
    { arbitrary: tie('node').map((part): Node => ({ kind: 'fold', part })), weight: 1 },
  ),
}))

/** Any pattern. */
export const anyPattern = node.map(pairOf)

/** A pattern that begins or ends with a text of some bytes, so that lines can be looked for by it. */
export const textPattern = fc
  .tuple(text(words.filter((word) => Buffer.byteLength(word) > 1)), node, fc.boolean(), fc.boolean())
  .map(([word, other, isFirst, folds]) => {
    const whole: Node = { kind: 'sequence', parts: isFirst ? [word, other] : [other, word] }
    return pairOf(folds ? { kind: 'fold', part: whole } : whole)
  })

/** Patterns told apart by their number, as many as are wanted. */
export function numberedPatterns(count: number): PatternPair[] {
  return Array.from({ length: count }, (_, index) => {
    const word: Node = { kind: 'text', text: `w${index}` }
    const parts = (...others: Node[]) => pairOf({ kind: 'sequence', parts: others })
    if (index % 3 === 0) return parts(word, { kind: 'assert', sign: '\\b' })
    return index % 3 === 1 ? parts({ kind: 'assert', sign: '^' }, word) : parts({ kind: 'fold', part: word })
  })
}

function pairOf(tree: Node): PatternPair {
  return {
    source: sourceOf(tree),
    regExp: new RegExp(expressionOf(tree, false), 'u'),
    example: (random) => exampleOf(tree, random),
  }
}

function exampleOf(tree: Node, random: Random): string {
  switch (tree.kind) {
    case 'text':
      return tree.text
    case 'class':
      return random.oneOf([...tree.of[3]])
    case 'assert':
      return ''
    case 'sequence':
      return tree.parts.map((part) => exampleOf(part, random)).join('')
    case 'choice':
      return exampleOf(random.oneOf(tree.options), random)
    case 'repeat':
      return Array.from({ length: timesOf(tree.sign, random) }, () => exampleOf(tree.part, random)).join('')
    case 'gap':
      return `${tree.before}${'~'.repeat(random.below(9))}${tree.after}`
    case 'fold': {
      const inner = exampleOf(tree.part, random)
      return random.below(2) === 0
        ? inner
        : Array.from(inner, (char) => random.oneOf([char, char.toUpperCase(), char.toLowerCase()])).join('')
    }
  }
}

function timesOf(sign: string, random: Random): number {
  const bounds = /^\{(\d+),?(\d*)/.exec(sign)
  if (bounds !== null) return Number(bounds[1]) + random.below(2)
  return sign.startsWith('+') ? 1 + random.below(4) : random.below(2)
}

function sourceOf(tree: Node): string {
  switch (tree.kind) {
    case 'text':
      return quoted(tree.text)
    case 'class':
      return tree.of[0]
    case 'assert':
      return tree.sign
    case 'sequence':
      return tree.parts.map(sourceOf).join('')
    case 'choice':
      return `(?:${tree.options.map(sourceOf).join('|')})`
    case 'repeat':
      return `(${sourceOf(tree.part)})${tree.sign}`
    case 'gap':
      return `${quoted(tree.before)}.*${quoted(tree.after)}`
    case 'fold':
      return `(?i:${sourceOf(tree.part)})`
  }
}

function expressionOf(tree: Node, folds: boolean): string {
  const inner = (part: Node) => expressionOf(part, folds)
  const written = (chosen: string) => (folds ? folded(chosen) : quoted(chosen))
  switch (tree.kind) {
    case 'text':
      return written(tree.text)
    case 'class':
      return tree.of[folds ? 2 : 1]
    case 'assert':
      return tree.sign
    case 'sequence':
      return tree.parts.map(inner).join('')
    case 'choice':
      return `(?:${tree.options.map(inner).join('|')})`
    case 'repeat':
      return `(?:${inner(tree.part)})${tree.sign}`
    case 'gap':
      return `${written(tree.before)}[^\\n]*${written(tree.after)}`
    case 'fold':
      return expressionOf(tree.part, true)
  }
}

function quoted(chosen: string): string {
  return chosen.replaceAll('.', '\\.')
}

function folded(chosen: string): string {
  return Array.from(chosen, (char) => {
    if (/[a-z]/i.test(char)) return foldedChars[char] ?? `[${char.toLowerCase()}${char.toUpperCase()}]`
    return foldedChars[char] ?? quoted(char)
  }).join('')
}

const lineEnds = ['\n', '\n', '\n', '\r\n', '\r\r\n', '\n\n', ' \n']
const nearWords = words.flatMap((word) => {
  const [first = '', ...rest] = word
  return [word, word, [first, ...rest.slice(0, -1)].join(''), rest.join(''), word.toUpperCase()]
})
const oddTexts = ['\u212a', '\u017f', 'É', 'ŧ', '~', '_', '\ufeff', 'w1', 'w3 ', '\nw4', 'W257', 'w298', 'w26']
const badTexts = [[0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xed, 0xa0, 0x80], [0xc0, 0x8a], [0x80], [0xf5]]

/** A piece of a text, which may depend on what is looked for. */
interface Piece {
  bytesFor(patterns: readonly PatternPair[]): Buffer
}

const fragment = fc.constantFrom<Buffer>(
  ...[...nearWords, ...chars, ...oddTexts].map((piece) => Buffer.from(piece)),
  ...Array.from({ length: 8 }, () => lineEnds.map((end) => Buffer.from(end))).flat(),
  ...badTexts.map((bytes) => Buffer.from(bytes)),
)
/** What a pattern looks for, or nearly: without the first byte or the last, or with another within. */
const example = fc
  .record({ pattern: fc.nat(400), start: fc.nat(), harm: fc.constantFrom('none', 'none', 'first', 'last', 'within') })
  .map(
    ({ pattern, start, harm }): Piece => ({
      bytesFor(patterns) {
        const random = createRandom(start)
        const bytes = Buffer.from((patterns[pattern % patterns.length] as PatternPair).example(random))
        if (harm === 'within' && bytes.length > 0) bytes[random.below(bytes.length)] = random.oneOf([0x61, 0x7e, 0xff])
        return bytes.subarray(harm === 'first' ? 1 : 0, harm === 'last' ? -1 : undefined)
      },
    }),
  )
/** Sizes at which buffers, slices and look-arounds end, and a few bytes around them. */
const borderBytes = fc
  .tuple(fc.constantFrom(64, 256, 1024, 16_384, 32_768, 65_536, 65_536, 131_072), fc.integer({ min: -9, max: 9 }))
  .map(([size, more]) => size + more)
const filler = borderBytes.map((bytes) => Buffer.alloc(bytes, '~'))
const manyLines = fc
  .tuple(fragment, fc.nat(4000))
  .map(([line, count]) => Buffer.from(`${line.toString('latin1')}\n`.repeat(count), 'latin1'))
const longWord = fc.tuple(fragment, fc.nat(40)).map(([piece, count]) => Buffer.concat(Array(count).fill(piece)))
const always = (bytes: Buffer): Piece => ({ bytesFor: () => bytes })

/** The pieces of a text, mostly short, sometimes with lines and runs of lines that are longer than any buffer. */
const pieces = fc.array(
  fc.oneof(
    { arbitrary: fragment.map(always), weight: 40 },
    { arbitrary: example, weight: 30 },
    { arbitrary: longWord.map(always), weight: 2 },
    { arbitrary: filler.map(always), weight: 3 },
    { arbitrary: manyLines.map(always), weight: 1 },
  ),
  { maxLength: 150, size: 'max' },
)

export interface PatternsAndText {
  readonly pairs: readonly PatternPair[]
  readonly text: Buffer
}

/** Patterns, and a text with much of what they look for, and much that is nearly that. */
export function withText(patterns: fc.Arbitrary<readonly PatternPair[]>): fc.Arbitrary<PatternsAndText> {
  return fc.tuple(patterns, pieces).map(([pairs, some]) => {
    const bytes = some.map((piece) => piece.bytesFor(pairs))
    const shown = () => `${JSON.stringify(pairs.map(({ source }) => source))} in ${described(bytes)}`
    return { pairs, text: Buffer.concat(bytes), [fc.toStringMethod]: shown }
  })
}

/** Of a text that failed: its pieces, those that are repeated in short. */
function described(bytes: readonly Buffer[]): string {
  const shown = bytes.map((piece) => {
    const short = JSON.stringify(piece.toString('latin1'))
    return short.length < 200 ? short : `${piece.length} bytes of ${short.slice(0, 20)}..."`
  })
  return shown.join(' ')
}
