import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventAround, type Surroundings } from '../../src/logscan/domain/scan/log-event.ts'

/** The lines around line `index` of a text that is wholly known, each a byte longer than its characters. */
function surroundings(lines: readonly string[], index: number): Surroundings & { readonly offset: number } {
  const offsetOf = (line: number) => lines.slice(0, line).reduce((sum, { length }) => sum + length + 1, 0)
  return {
    offset: offsetOf(index),
    above() {
      let at = index
      return { next: () => (at === 0 ? null : (lines[--at] as string)), offset: () => offsetOf(at) }
    },
    below(most, endOffset) {
      const found: string[] = []
      for (let at = index + 1; at < lines.length && found.length < most; at++) {
        if (offsetOf(at + 1) > endOffset) break
        found.push(lines[at] as string)
      }
      return found
    },
  }
}

function eventOf(lines: readonly string[], index: number) {
  const around = surroundings(lines, index)
  return eventAround(lines[index] as string, around.offset, around)
}

const head = '2026-01-01T00:00:00Z ERROR it failed'
const frames = (count: number) =>
  Array.from({ length: count }, (_, index) => `\tat com.acme.Foo.bar${index}(Foo.java:1)`)

describe('the event of a line', () => {
  it('is the whole trace, for each of its lines', () => {
    const lines = ['2026-01-01T00:00:00Z INFO before', head, 'java.lang.Error: x', ...frames(5), head]
    for (let index = 1; index <= 7; index++)
      expect(eventOf(lines, index)).toEqual({ lines: lines.slice(1, 8), index: index - 1, shared: 7 })
    expect(eventOf(lines, 8)).toEqual({ lines: [head], index: 0, shared: 1 })
  })

  it('does not go on for ever: lines too far from its beginning are their own', () => {
    const lines = [head, ...frames(300)]
    const beginning = eventOf(lines, 0)
    expect(beginning?.lines.length).toBe(101)
    expect(eventOf(lines, 99)).toEqual({ ...beginning, index: 99 })
    expect(eventOf(lines, 150)).toMatchObject({ index: 0, shared: 0 })
  })

  it('waits for more of the text where that may tell', () => {
    const around = { ...surroundings([head], 0), below: () => null }
    expect(eventAround(head, 0, around)).toBeNull()
    expect(eventAround(frames(1)[0] as string, 0, around)).toBeNull()
  })

  it('is the same, whichever of its lines is asked', () => {
    const line = fc.constantFrom(
      ...[
        head,
        'INFO fine',
        'java.lang.Error: x',
        '\tat a.B.c(D.java:1)',
        'Caused by: e.F: g',
        '',
        'plain words',
        '  indented',
      ],
      ...[
        'Traceback (most recent call last):',
        'ValueError: x',
        'panic: x',
        'goroutine 1 [running]:',
        'main.main()',
        '}',
      ],
    )
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 160 }), (lines) => {
        for (let index = 0; index < lines.length; index++) {
          const event = eventOf(lines, index)
          if (event === null || event.shared === 0) continue
          const first = index - event.index
          for (let other = index; other < first + event.shared; other++)
            expect(eventOf(lines, other)).toEqual({ ...event, index: other - first })
        }
      }),
      { numRuns: 150, seed: 1 },
    )
  })
})
