import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ByteSet, bytesOf } from '../../src/logscan/domain/pattern/byte-set.ts'
import { parsePattern } from '../../src/logscan/domain/pattern/parse.ts'
import { type Requirement, requirementsOf, type Sequence } from '../../src/logscan/domain/pattern/required.ts'
import { anyPattern, numberedPatterns, type PatternPair, textPattern, withText } from '../support/generated-patterns.ts'
import { type ScannedText, scanNaively } from '../support/naive-matcher.ts'
import { createRandom } from '../support/prepared-lines.ts'
import { type Delivery, expectSame, planOf, TextScanner, withoutFilter } from '../support/scan-text.ts'

/** `SCAN_RUNS=20000 SCAN_SEED=7 npx vitest ... logscan-engine` for a long run. */
const seed = Number(process.env.SCAN_SEED ?? 1)
const wantedRuns = Number(process.env.SCAN_RUNS ?? 0)
const runs = { seed, numRuns: wantedRuns || 100 }

const typicalChunkBytes = [16_384, 32_768, 65_536, 1 << 20]

const delivery = fc.record({
  chunkBytes: fc.constantFrom(...typicalChunkBytes),
  pieces: fc.record({ start: fc.nat(), most: fc.constantFrom(3, 100, 5000, 70_000, 1 << 20) }),
  cuts: fc.array(fc.nat(), { maxLength: 4 }),
  looksAhead: fc.boolean(),
})

function deliveryOf({ chunkBytes, pieces, cuts, looksAhead }: DeliveryCase, text: Buffer): Delivery {
  const random = createRandom(pieces.start)
  const most = text.length > 20_000 ? Math.max(pieces.most, 1000) : pieces.most
  return {
    chunkBytes,
    pieceBytes: () => 1 + random.below(most),
    cuts: cuts.map((cut) => cut % (text.length + 1)),
    looksAhead,
  }
}
type DeliveryCase = typeof delivery extends fc.Arbitrary<infer Value> ? Value : never

const samples = {
  text: (text: Buffer) => text.subarray(0, 65_536),
  nothing: () => Buffer.alloc(0),
  filler: () => Buffer.alloc(10_000, `${'~'.repeat(200)}\n`),
  unlike: () => Buffer.from('2026-01-14T09:21:33Z INFO all is well with every order and its items\n'.repeat(200)),
  padded: (text: Buffer) => Buffer.concat([text.subarray(0, 4096), Buffer.alloc(200_000, '~')]),
}
const sampleKind = fc.constantFrom(...(Object.keys(samples) as (keyof typeof samples)[]))

const patterns = fc
  .oneof(
    {
      arbitrary: fc.tuple(fc.array(textPattern, { minLength: 1, maxLength: 40, size: 'max' }), fc.constant(0)),
      weight: 6,
    },
    {
      arbitrary: fc.tuple(fc.array(textPattern, { minLength: 1, maxLength: 12 }), fc.integer({ min: 20, max: 300 })),
      weight: 2,
    },
    {
      arbitrary: fc.tuple(fc.array(anyPattern, { minLength: 1, maxLength: 40, size: 'max' }), fc.constant(0)),
      weight: 3,
    },
    {
      arbitrary: fc.tuple(fc.array(anyPattern, { minLength: 1, maxLength: 12 }), fc.integer({ min: 20, max: 300 })),
      weight: 1,
    },
  )
  .map(([pairs, numbered]) => {
    const half = pairs.length >> 1
    return [...pairs.slice(0, half), ...numberedPatterns(numbered), ...pairs.slice(half)]
  })

function countsOf({ found }: ScannedText, patternCount: number): number[] {
  const counts = Array<number>(patternCount).fill(0)
  for (const { patterns } of found) for (const pattern of patterns) counts[pattern] = (counts[pattern] as number) + 1
  return counts
}

const sourcesOf = (pairs: readonly PatternPair[]) => pairs.map(({ source }) => source)
const regExpsOf = (pairs: readonly PatternPair[]) => pairs.map(({ regExp }) => regExp)

describe('the engine', () => {
  it('finds what a RegExp finds line by line, whatever the pieces, the ranges and the way', () => {
    let filtered = 0
    fc.assert(
      fc.property(withText(patterns), delivery, sampleKind, ({ pairs, text }, chosen, kind) => {
        const expected = scanNaively(text, regExpsOf(pairs))
        const parts = planOf(sourcesOf(pairs), samples[kind](text))
        if (parts[0]?.filter !== null) filtered++
        const given = deliveryOf(chosen, text)
        const options = { patterns: pairs.length, chunkBytes: given.chunkBytes }
        for (const way of parts.some(({ filter }) => filter !== null) ? [parts, withoutFilter(parts)] : [parts]) {
          const scanner = new TextScanner(way, { ...options, counts: false })
          expectSame(scanner.run(text, { ...given, cuts: [] }), expected)
          expectSame(scanner.run(text, given), expected)
          const counter = new TextScanner(way, { ...options, counts: true })
          expect(counter.run(text, given).newlines).toBe(expected.newlines)
          expect([...counter.scan.takeCounts()].slice(0, pairs.length)).toEqual(countsOf(expected, pairs.length))
        }
      }),
      runs,
    )
    expect(filtered).toBeGreaterThan(runs.numRuns / 4)
  }, 600_000)

  it('has in every line that matches one text of each requirement', () => {
    let required = 0
    const property = fc.property(withText(fc.array(anyPattern, { minLength: 1, maxLength: 20 })), ({ pairs, text }) => {
      const requirements = pairs.map(({ source }) => requirementsOf(parsePattern(source)))
      for (const [line, matching] of shortLinesOf(text, pairs))
        for (const requirement of matching.flatMap((pattern) => requirements[pattern] as readonly Requirement[])) {
          required++
          for (const end of ['\n', '\r\n']) {
            const isMet = requirement.some((sequence) => standsIn(Buffer.from(`\n${line}${end}`, 'latin1'), sequence))
            expect(isMet ? '' : `${requirement.map(shown)} is not in ${line}`).toBe('')
          }
        }
    })
    fc.assert(property, runs)
    expect(required).toBeGreaterThan(runs.numRuns)
  }, 600_000)
})

/** Longer ones take the simple search too long. */
const longestLine = 300

/** Each line that matches, as Latin-1, with the patterns it matches. */
function shortLinesOf(text: Buffer, pairs: readonly PatternPair[]): Map<string, readonly number[]> {
  const short = scanNaively(text, regExpsOf(pairs)).found.filter(({ length }) => length <= longestLine)
  return new Map(
    short.map(({ offset, length, patterns: matching }) => [text.toString('latin1', offset, offset + length), matching]),
  )
}

function standsIn(bytes: Buffer, sequence: Sequence): boolean {
  return bytes.some((_, at) => sequence.every((set, index) => has(set, bytes[at + index])))
}

function has(set: ByteSet, byte: number | undefined): boolean {
  return byte !== undefined && (((set[byte >> 5] as number) >>> (byte & 31)) & 1) === 1
}

function shown(sequence: Sequence): string {
  return sequence.map((set) => `[${Buffer.from(bytesOf(set).slice(0, 9)).toString('latin1')}]`).join('')
}
