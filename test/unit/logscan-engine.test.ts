import { describe, expect, it } from 'vitest'
import { parsePattern } from '../../src/logscan/domain/pattern/parse.ts'
import { compileProgram } from '../../src/logscan/domain/pattern/program.ts'
import { States } from '../../src/logscan/domain/pattern/states.ts'
import { scanNaively } from '../support/naive-matcher.ts'
import { createRandom } from '../support/prepared-lines.ts'
import { expectSame, inPieces, planOf, TextScanner, withoutFilter } from '../support/scan-text.ts'

const chunkBytes = 65_536
const rowsBytes = 8 << 20
/** In it everything but what is looked for is common, so that a filter is made. */
const filler = Buffer.alloc(10_000, '~')

interface FixedCase {
  readonly sources: readonly string[]
  /** What they mean to a RegExp that cannot take them as they are. */
  readonly regExps?: readonly RegExp[]
  /** False where no filter is to be had. */
  readonly isFiltered?: boolean
}

const regExpsOf = (sources: readonly string[]) =>
  sources.map((source) => new RegExp(source.replaceAll('.', '[^\\n]'), 'u'))

/** Scanners of all kinds for the patterns: with the filter, which must be there, without, and counting. */
function scannersFor({ sources, isFiltered = true }: FixedCase) {
  const parts = planOf(sources, filler)
  if (isFiltered) expect(parts.every(({ filter }) => filter !== null)).toBe(true)
  const whole = withoutFilter(parts)
  const options = { patterns: sources.length, chunkBytes }
  const make = (way: typeof parts, counts: boolean) => new TextScanner(way, { ...options, counts })
  return {
    readers: isFiltered ? [make(parts, false), make(whole, false)] : [make(whole, false)],
    counter: make(parts, true),
  }
}

/** Expects what a RegExp finds. */
function expectFound(texts: readonly (Buffer | string)[], wanted: FixedCase): void {
  const { readers, counter } = scannersFor(wanted)
  for (const text of texts.map((one) => Buffer.from(one))) {
    const expected = scanNaively(text, wanted.regExps ?? regExpsOf(wanted.sources))
    for (const reader of readers) expectSame(reader.run(text, inPieces()), expected)
    expect(counter.run(text, inPieces()).newlines).toBe(expected.newlines)
    const counts = [...counter.scan.takeCounts()].slice(0, wanted.sources.length)
    expect(counts).toEqual(
      wanted.sources.map((_, at) => expected.found.filter((one) => one.patterns.includes(at)).length),
    )
  }
}

function randomLetters(bytes: number, letters: string, seed = bytes): Buffer {
  const random = createRandom(seed)
  return Buffer.from(Array.from({ length: bytes }, () => letters.charCodeAt(random.below(letters.length))))
}

describe('the engine', () => {
  it('finds a text at the end of a line at every place of a block', () => {
    const tails = ['foo\n', 'foo', 'x\n', 'x\r\n', 'x']
    const texts = Array.from({ length: 200 }, (_, bytes) => '~'.repeat(bytes + 1)).flatMap((line) =>
      tails.flatMap((tail) => [`${line}${tail}`, `${line}\n${line}${tail}`]),
    )
    expectFound(texts, { sources: ['x$', 'foo$', 'foo'] })
    expectFound(texts, { sources: ['x'] })
  })

  it('finds a text at the start of a line, and one that is the whole line, at every place of a block', () => {
    const texts = Array.from({ length: 200 }, (_, bytes) => '~'.repeat(bytes)).flatMap((line) =>
      ['foo', 'x'].flatMap((word) => [`${line}\n${word}\n${line}`, `${word}${line}\n`, `${line}\n${word}${line}`]),
    )
    expectFound(texts, { sources: ['^x', '^foo', '^foo$', '^x$'] })
  })

  it('finds the lines of patterns that want nothing but their start or their end', () => {
    const texts = ['', '\n', '\n\n', 'a', 'a\n', '\r\n', '\r\r\n', '\r', `${'~'.repeat(300)}\nab\n\n~`]
    for (const source of ['^', '$', '^$', '^.*', '.*$', '^a?', '^[^b]', '^(?:b|a|)', '^~+$', '^|b', 'b|$'])
      expectFound(texts, { sources: [source] })
  })

  it('finds what there is in texts of a byte and in empty ones', () => {
    const texts = Array.from({ length: 256 }, (_, byte) => Buffer.from([byte]))
    expectFound([Buffer.alloc(0), ...texts], { sources: ['^$', 'a', '^a$', '[é-ü]', '\0', '^'] })
  })

  it('finds empty lines in a text of newlines only', () => {
    expectFound([Buffer.alloc(70_000, '\n'), Buffer.alloc(70_001, '\r\n')], { sources: ['^$', '^\r$', 'x'] })
  })

  it('takes one carriage return for a part of the line end, no more', () => {
    const texts = ['x\r\r\n', 'x\r\n', 'x\r', '\r', '\r\r', 'x\r\r', '\rx\n', 'x\r\ry\n', '\r\r\n', 'x\r\r\r\n']
    expectFound(texts, { sources: ['x$', '^$', 'x\r$', '\r', '^\r$', 'y$', '\\bx\\b', '\r\r$'] })
  })

  it('knows no byte order mark that is not there, nor one that is cut', () => {
    const sources = ['^a', '^$', '^.', 'a$']
    const scanner = new TextScanner(planOf(sources, filler), { patterns: 4, chunkBytes, counts: false })
    const mark = [0xef, 0xbb, 0xbf]
    for (const end of [[], [0x61], [0x0a], [0x61, 0x0a], [0x0a, 0x61]])
      for (const bytes of [[...mark, ...end], mark.slice(0, 2), mark.slice(0, 1), end, [...mark, ...mark]]) {
        const text = Buffer.from(bytes)
        const expected = scanNaively(text, regExpsOf(sources))
        for (let cut = 0; cut <= text.length; cut++)
          for (const pieceBytes of [1, 2, 5])
            expect([text, cut, scanner.run(text, { ...inPieces(pieceBytes), cuts: [cut] })]).toEqual([
              text,
              cut,
              expected,
            ])
      }
  })

  it('finds the same wherever a text is cut into ranges and pieces', () => {
    const sources = ['foo', '^bar', 'foo$', '^$', 'é.b']
    const text = Buffer.from('foo bar\nbar\r\n\nxfoo\n\r\néabé\xffb\nba\nrfoo')
    const expected = scanNaively(text, regExpsOf(sources))
    const { readers } = scannersFor({ sources })
    for (const reader of readers)
      for (let first = 0; first <= text.length; first++)
        for (let second = first; second <= text.length; second++)
          for (const pieceBytes of [1, 2, 7, 64])
            expectSame(reader.run(text, { ...inPieces(pieceBytes), cuts: [first, second] }), expected)
  })

  it('tells each of 300 patterns that look for the same', () => {
    const sources = Array.from({ length: 300 }, () => 'needle')
    expectFound(['a needle\n\nneedle\nneedl\n', `${'~'.repeat(70_000)}needle~\nneedle`], { sources })
  })

  it('counts newlines where there is no pattern', () => {
    expectFound(['a\nb\n\nc', '', Buffer.alloc(300_000, 'abc\n')], { sources: [] })
  })

  it('keeps every line where every one matches', () => {
    expectFound([Buffer.alloc(65_536, 'a\n'), Buffer.alloc(140_001, 'a\n'), Buffer.alloc(70_000, 'a\n\n')], {
      sources: ['a'],
    })
    expectFound([Buffer.alloc(65_536, '\n')], { sources: ['^$', '%'] })
  })
})

describe('an automaton with more states than are good', () => {
  const text = randomLetters(262_144, 'ab')
  const inLines = Buffer.from(text.map((byte, at) => (at % 97 === 0 || at % 1013 === 0 ? 10 : byte)))
  const sources = ['(a|b)*a(a|b){14}', '^(a+)+$']
  const regExps = [/a[ab]{14}/, /^a+$/]

  it('reads lines, and one long line, in a time that goes with their length', () => {
    expectFound([text, inLines, `${'a'.repeat(200_000)}!\n${'a'.repeat(200_000)}\naa\n`], {
      sources,
      regExps,
      isFiltered: false,
    })
  })

  /** Letters are told apart, so that a state takes much room. */
  const letters = Array.from({ length: 250 }, (_, index) => String.fromCodePoint(index + 100))
  const many = ['a[ab]{30}c', 'b$', `q(?:${letters.filter((letter) => /\p{L}/u.test(letter)).join('|')})`]

  it('has forgotten states, and finds what it would have found', () => {
    const rows = rowsFor(many)
    const short = randomLetters(2 * rows, 'ab').map((byte, at) => (at % 51 === 0 ? 99 : at % 700 === 0 ? 10 : byte))
    const long = randomLetters(2 * rows, 'ab').map((byte, at) => (at % 50 === 0 ? 99 : byte))
    expectFound([Buffer.concat([short, long, Buffer.from('\n'), short])], { sources: many, isFiltered: false })
  })

  it('has room for the state at the end of a line that made as many states as there are rows', () => {
    const letters = randomLetters(rowsMax, 'ab').toString()
    // Only what is matched at the line's end needs a state that is not there yet.
    const sources = [letters, everyByte, '[ab]$']
    const rows = rowsFor(sources)
    expect(rows).toBeLessThan(rowsMax)
    for (let bytes = rows - 3; bytes < rows + 2; bytes++) {
      const line = `${letters.slice(0, bytes)}\n`
      expectFound([Buffer.from(line + letters)], { sources, isFiltered: false })
    }
  })
})

/** With so long rows, there is room for fewer than that. */
const rowsMax = 9000

/** Tells nearly all bytes apart, so that rows are as long as they can be. */
const everyByte = [
  ...Array.from({ length: 0xc0 }, (_, code) => code),
  ...Array.from({ length: 0x1e }, (_, lead) => (lead + 2) << 6),
  ...Array.from({ length: 0x0c }, (_, lead) => (lead + 1) << 12),
]
  .filter((code) => ![10, 13].includes(code))
  .map((code) => (code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : String.fromCodePoint(code)))
  .join('')

/** States that there are rows for. */
function rowsFor(sources: readonly string[]): number {
  const { symbols, acceptWords } = new States(compileProgram(sources.map((source) => parsePattern(source))))
  return Math.floor(rowsBytes / 4 / (symbols + acceptWords))
}

describe('memory', () => {
  it('is bounded while a line of 64 MiB is read', () => {
    const { readers } = scannersFor({ sources: ['needle', '^~', 'end$'] })
    const piece = Buffer.alloc(1 << 20, '~')
    for (const { scan } of readers) {
      const before = process.memoryUsage()
      scan.begin(0, Number.POSITIVE_INFINITY)
      const give = (bytes: Buffer) => {
        for (let at = 0; at < bytes.length; ) {
          const copied = bytes.copy(scan.room(), 0, at)
          scan.added(copied)
          at += copied
        }
      }
      for (let count = 0; count < 64; count++) give(piece)
      give(Buffer.from('needle end'))
      const after = process.memoryUsage()
      expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(4 << 20)
      expect(after.rss - before.rss).toBeLessThan(48 << 20)
    }
  })
})
