import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPatternFile } from '../../src/logscan/adapters/patterns/pattern-file.ts'
import { checkPatterns } from '../../src/logscan/app/check-patterns.ts'
import { treeOf } from '../../src/logscan/domain/log-pattern.ts'
import { parsePattern } from '../../src/logscan/domain/pattern/parse.ts'
import { compileProgram } from '../../src/logscan/domain/pattern/program.ts'
import { States } from '../../src/logscan/domain/pattern/states.ts'
import { builtInPatterns } from '../../src/logscan/domain/pattern-pack.ts'
import { matchLine } from '../support/match-line.ts'

/** Which of the patterns match the line, by their numbers. */
function matcherOf(sources: readonly string[]) {
  const states = new States(compileProgram(sources.map((source) => parsePattern(source))))
  return (line: string | Uint8Array): number[] => {
    const bits = matchLine(states, Buffer.from(line as string))
    return sources.flatMap((_, index) => (((bits[index >> 5]! >>> (index & 31)) & 1) === 1 ? [index] : []))
  }
}

const matches = (source: string, line: string | Uint8Array) => matcherOf([source])(line).length === 1

describe('a pattern', () => {
  it.each([
    ['foo', 'a foo b', true],
    ['^foo', 'a foo', false],
    ['foo$', 'foo ', false],
    ['^$', '', true],
    ['^$', ' ', false],
    ['\\bx\\b', 'a x', true],
    ['\\bx\\b', 'axe', false],
    ['\\Bx', 'ax', true],
    ['a{2,3}b', 'ab', false],
    ['a{2,3}b', 'aaab', true],
    ['a{0}b', 'b', true],
    ['a{,2}', 'a{,2}', true],
    ['[]x]', ']', true],
    ['[^]x]', ']', false],
    ['[a\\]-]', '-', true],
    ['[[:digit:][:upper:]]', 'é7', true],
    ['\\d', '٣', false],
    ['\\pN', '٣', true],
    ['\\p{Greek}', 'λ', true],
    ['\\P{Greek}', 'λ', false],
    ['[\\p{^L}]', 'a', false],
    ['(?i)straße', 'STRAßE', true],
    ['(?i)k', '\u212a', true],
    ['(?i)\\W', 'k', false],
    ['(?i)[\\W]', 's', false],
    ['(?i)\\W', '-', true],
    ['(?i)[^a-c]', 'B', false],
    ['(?i)[a-c]', 'B', true],
    ['(?i)\\P{Lu}', 'a', false],
    ['(?i:a)b', 'Ab', true],
    ['(?i:a)b', 'AB', false],
    ['a(?i)b|c', 'C', true],
    ['(?P<n>a)(?<m>b)', 'ab', true],
    ['\\Qa.b\\E+$', 'axb', false],
    ['\\Qa.b\\E+', 'a.bb', true],
    ['\\x41\\x{1F600}\\101', 'A😀A', true],
    ['.', 'a\r', true],
    ['.', '\r', false],
    ['a$', 'a\r', true],
    ['a\\r', 'a\r', false],
    ['a\\r', 'a\rb', true],
    ['a$', 'a\r\r', false],
    ['é.ü', 'é😀ü', true],
  ])('%s on %j: %s', (source, line, expected) => {
    expect(matches(source, line)).toBe(expected)
  })

  it('sees bytes that are no UTF-8 as no character', () => {
    expect(matches('a.b', Buffer.from([0x61, 0xff, 0x62]))).toBe(false)
    expect(matches('b$', Buffer.from([0x61, 0xff, 0x62]))).toBe(true)
    expect(matches('\\x{d800}', Buffer.from([0xed, 0xa0, 0x80]))).toBe(false)
  })

  it.each([
    ['a(?=b)', 'look-around', 1],
    ['a(?<!b)', 'look-around', 1],
    ['(a)\\1', 'back-references', 3],
    ['(?P<n>a)\\k<n>', 'back-references', 8],
    ['a(b', 'not closed', 1],
    ['a)b', 'closes no group', 1],
    ['[a', 'not closed', 0],
    ['*a', 'nothing before', 0],
    ['a**', 'repeated', 1],
    ['a{1001}', '1000', 1],
    ['a{3,2}', 'below where it begins', 1],
    ['[z-a]', 'below where it begins', 1],
    ['\\p{Klingon}', 'called Klingon', 0],
    ['[[:nope:]]', 'called nope', 1],
    ['a\\', 'at the end', 1],
    ['\\y', 'not known', 0],
    ['(?x)a', 'flags', 0],
    ['((a{100}){100}){100}', 'too large', 0],
    ['('.repeat(300), 'deeper', 200],
  ])('%s is refused: %s', (source, reason, position) => {
    const check = () => compileProgram([parsePattern(source)])
    expect(check).toThrow(expect.objectContaining({ reason: expect.stringContaining(reason), position }))
  })

  it('matches what the platform says, generated patterns on generated lines', () => {
    const leaf = fc.constantFrom('a', 'b', 'é', '.', '[ab]', '[^a]', '\\d', '\\w', '\\b', '^', '$', '(?:)')
    const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
      pattern: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        leaf,
        fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => a + b),
        fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`),
        fc.tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}')).map(([a, sign]) => `(?:${a})${sign}`),
      ),
    }))
    const line = fc
      .array(fc.constantFrom('a', 'b', 'c', 'é', '1', ' ', '_', '😀'), { maxLength: 8 })
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 1, maxLength: 3 }),
        fc.array(line, { minLength: 1, maxLength: 10 }),
        (sources, lines) => {
          const ours = matcherOf(sources)
          const theirs = sources.map((source) => new RegExp(source, 'su'))
          for (const text of lines)
            expect([text, ours(text)]).toEqual([
              text,
              theirs.flatMap((regex, index) => (regex.test(text) ? [index] : [])),
            ])
        },
      ),
      { numRuns: 400, seed: 1 },
    )
  })

  it('cannot be made to hang by a line', () => {
    const match = matcherOf(['^(a+)+$', '(a|b)*a(a|b){10}'])
    expect(match(`${'a'.repeat(200_000)}!`)).toEqual([1])
  })

  it('is told its size', () => {
    const pattern = {
      id: 'p',
      title: 'p',
      level: 'error',
      match: { regex: '(a|b)*a(a|b){14}' },
      ignoreCase: false,
    } as const
    expect(checkPatterns([pattern])).toMatchObject([{ pattern, ok: true, steps: expect.any(Number) }])
  })
})

describe('the built-in patterns', () => {
  const samples: Readonly<Record<string, string>> = {
    'node.exception': "TypeError: Cannot read properties of undefined (reading 'x')",
    'node.unhandled-rejection': 'code: ERR_UNHANDLED_REJECTION',
    'node.out-of-memory': 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    'node.system-error': 'Error: connect ECONNREFUSED 127.0.0.1:5432',
    'java.exception': 'Exception in thread "main" java.lang.NullPointerException: x',
    'java.caused-by': 'Caused by: java.io.IOException',
    'java.out-of-memory': 'java.lang.OutOfMemoryError: Java heap space',
    'java.severe': 'Jan 01 SEVERE [main] x',
    'python.traceback': 'Traceback (most recent call last):',
    'python.exception': 'requests.exceptions.ConnectionError: HTTPConnectionPool',
    'go.panic': 'panic: runtime error: index out of range [5] with length 3',
    'go.goroutine': 'goroutine 1 [running]:',
    'nginx.error': '2026/01/01 00:00:00 [error] 29#29: *1 open() failed',
    'nginx.upstream': 'upstream timed out (110: Connection timed out)',
    'http.5xx': '1.2.3.4 - - [01/Jan/2026] "GET / HTTP/1.1" 502 157 "-" "-"',
    'mysql.error': '2026-01-01T00:00:00Z 0 [ERROR] [MY-010119] [Server] Aborting',
    'mysql.client-error': 'ERROR 1045 (28000): Access denied',
    'mysql.deadlock': 'Deadlock found when trying to get lock; try restarting transaction',
    'redis.error': '-MISCONF Redis is configured to save'.replace('-', ' '),
    'redis.save-failed': "1:M 01 Jan 2026 # Can't save in background: fork: Cannot allocate memory",
    'kernel.oom-killer': 'kernel: node invoked oom-killer: gfp_mask=0x',
    'kernel.fault': 'kernel: app[1]: segfault at 7f0 ip 00',
    'kernel.disk': 'EXT4-fs error (device sda1)',
    'disk.full': 'write: No space left on device',
    'ssh.failed-login': 'sshd[24200]: Failed password for invalid user webmaster',
    'generic.level': 'level=error msg="x"',
  }

  it('can all be used, each finds its own, and a quiet line meets none', () => {
    const states = new States(compileProgram(builtInPatterns.map(treeOf)))
    const found = (line: string) => {
      const bits = matchLine(states, Buffer.from(line))
      return builtInPatterns.filter((_, index) => ((bits[index >> 5]! >>> (index & 31)) & 1) === 1).map(({ id }) => id)
    }
    expect(Object.keys(samples).sort()).toEqual(builtInPatterns.map(({ id }) => id).sort())
    for (const [id, line] of Object.entries(samples)) expect(found(line), line).toContain(id)
    expect(found('2026-01-01T00:00:00Z INFO request done status=200 in 12 ms, no errors here')).toEqual([])
  })
})

describe('a file of patterns', () => {
  it('is YAML', async () => {
    const text =
      '- id: a\n  regex: x+\n  level: warn\n- id: b\n  any_of: [y, z]\n  ignore_case: true\n- {id: c, literal: "a.b"}'
    expect(await readPatternFile('p.yaml', text)).toEqual([
      { id: 'a', title: 'a', level: 'warn', match: { regex: 'x+' }, ignoreCase: false },
      { id: 'b', title: 'b', level: 'error', match: { anyOf: ['y', 'z'] }, ignoreCase: true },
      { id: 'c', title: 'c', level: 'error', match: { anyOf: ['a.b'] }, ignoreCase: false },
    ])
  })

  it('is one regular expression a line otherwise', async () => {
    expect((await readPatternFile('p.txt', '# comment\nfoo\r\n\nbar+\n')).map(({ id, title }) => [id, title])).toEqual([
      ['line-2', 'foo'],
      ['line-4', 'bar+'],
    ])
  })

  it.each([
    ['p.yaml', '- id: a', '0: must have one of regex, literal and any_of'],
    ['p.yaml', '- {id: "a b", regex: x}', '0.id: must be 1 to 80 letters'],
    ['p.yaml', '- {id: a, regex: x, levl: warn}', 'levl'],
    ['p.yaml', '- {id: a, regex: x}\n- {id: a, regex: y}', 'a: stands there twice'],
    ['p.yaml', 'a: [', 'Flow sequence'],
    ['p.yaml', 'a: 1', 'the list: '],
    ['p.txt', '# nothing\n', 'no pattern'],
  ])('%s with %j is refused: %s', async (name, text, problem) => {
    await expect(readPatternFile(name, text)).rejects.toThrow(problem)
  })
})
