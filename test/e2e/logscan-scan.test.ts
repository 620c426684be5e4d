import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { benchPatternFile, benchPatterns, type LogFacts, logProfiles, writeLogFile } from '../support/generated-logs.ts'
import {
  createLogFolder,
  type LogFolder,
  type LogRecord,
  logscan,
  recordsOf,
  shell,
} from '../support/logscan-command.ts'

let folder: LogFolder
let patterns: string

beforeAll(async () => {
  folder = await createLogFolder()
  patterns = await folder.write('patterns.txt', benchPatternFile)
})
afterAll(() => folder[Symbol.asyncDispose]())

const ways = [1, 2, 4].flatMap((jobs) =>
  [65_536, 1_048_576, 4_194_304].map((chunk) => ['--jobs', `${jobs}`, '--chunk-bytes', `${chunk}`]),
)
const ids = benchPatterns.map((_, index) => `line-${index + 1}`)
const newline = 10
/** For those that run the command many times. */
const timeoutMs = 180_000

/** As `--count` prints them. */
const countsText = (counts: readonly number[]) => ids.map((id, index) => `${id}\t${counts[index]}\n`).join('')

/** Lines that each pattern matches, as told by another program; null where it is not installed. */
function countsOf(program: 'grep' | 'rg', file: string): number[] | null {
  if (spawnSync(program, ['--version']).error !== undefined) return null
  const flags = program === 'grep' ? ['-a', '-E', '-c'] : ['-a', '-c', '--include-zero', '--no-config']
  return benchPatterns.map((pattern) => {
    const { stdout } = spawnSync(program, [...flags, '-e', pattern, file], { env: { ...process.env, LC_ALL: 'C' } })
    return Number(stdout.toString())
  })
}

/** Each record says where its line is, and what it is; the file is asked. */
function expectToBeTold(records: readonly LogRecord[], file: string, bytes: Buffer): void {
  let [line, at] = [1, 0]
  for (const record of records) {
    for (let end = bytes.indexOf(newline, at); end !== -1 && end < record.offset; end = bytes.indexOf(newline, at)) {
      line++
      at = end + 1
    }
    expect(record).toMatchObject({ file, line, offset: at })
    const end = bytes.indexOf(newline, at)
    const text = bytes.subarray(at, end === -1 ? bytes.length : end).toString()
    expect(record.text).toBe(text)
    expect(record.length).toBe(Buffer.byteLength(text))
    expect(record.patterns).toEqual(ids.filter((_, index) => new RegExp(benchPatterns[index]!).test(text)))
  }
}

describe.each(['typical', 'dense'] as const)('a %s log', (profile) => {
  let file: string
  let facts: LogFacts

  beforeAll(async () => {
    file = folder.file(`${profile}.log`)
    facts = await writeLogFile(file, { ...logProfiles[profile], bytes: profile === 'typical' ? 18e6 : 4.4e6, seed: 7 })
  })

  it.each(['grep', 'rg'] as const)('has the counts that %s finds (left out where it is not installed)', (program) => {
    const counts = countsOf(program, file)
    if (counts === null) console.warn(`${program} is not on PATH: not compared with it`)
    else expect(counts).toEqual(facts.counts)
  })

  it('has the same counts for any number of jobs and any size of chunks', { timeout: timeoutMs }, async () => {
    for (const way of ways) {
      const end = await logscan(['scan', file, '--count', '--patterns', patterns, ...way])
      expect(end).toMatchObject({ code: 0, out: countsText(facts.counts), err: '' })
    }
  })

  it('gives the same records, to the byte, and each is true', { timeout: timeoutMs }, async () => {
    const [first, ...others] = ways
    const scan = (way: readonly string[]) => logscan(['scan', file, '--ndjson', '--patterns', patterns, ...way])
    const { out, code, err } = await scan(first!)
    expect([code, err]).toEqual([0, ''])
    for (const way of others) expect((await scan(way)).out === out, way.join(' ')).toBe(true)
    const records = recordsOf(out)
    expect(records).toHaveLength(facts.hitLines)
    for (const record of records) {
      expect(Object.keys(record).join()).toBe('file,line,offset,length,patterns,level,time,group,text')
      expect(record.group).toMatch(/^[0-9a-f]{16}$/)
      // What a trace begins with may stand alone, without a stamp.
      if (/^\d{4}-/.test(record.text)) expect(record.time?.slice(0, 10)).toBe(record.text.slice(0, 10))
    }
    expectToBeTold(
      profile === 'typical' ? records : records.filter((_, index) => index % 19 === 0),
      file,
      await folder.read(`${profile}.log`),
    )
  })
})

describe('what is shown of a scan', () => {
  const log = [
    '2026-01-31 10:00:00 INFO start',
    '2026-01-31 10:00:01 ERROR first',
    'a line of no time: ERROR',
    '2026-01-31T12:00:02+02:00 WARN ERROR is only a word',
    '2026-01-31 10:00:03.500 FATAL ERROR last',
    'end\tof it',
  ]
  let file: string
  let word: string

  beforeAll(async () => {
    file = await folder.write('small.log', `${log.join('\n')}\n`)
    word = await folder.write('word.txt', 'ERROR\n')
  })
  const texts = (out: string) => recordsOf(out).map(({ text }) => log.indexOf(text))

  it('is, for a pipe, a line for each pattern that was found', async () => {
    const { code, out, err } = await logscan(['scan', file, '--patterns', word])
    expect([code, err]).toEqual([0, ''])
    const row = ['line-1', 4, '2026-01-31T10:00:01.000Z', '2026-01-31T10:00:03.500Z', `${file}:2`, log[1]]
    expect(out).toBe(`${row.join('\t')}\n`)
  })

  it.each([
    [
      ['--since', '2026-01-31T10:00:02Z'],
      [3, 4],
    ],
    [['--until', '2026-01-31 10:00:02'], [1]],
    [
      ['--since', '2026-01-31T10:00:01Z', '--until', '2026-01-31T10:00:03.5Z'],
      [1, 3],
    ],
    [
      ['--since', '2026-01-31'],
      [1, 3, 4],
    ],
    [['--since', '2026-02-01'], []],
    [
      ['--since', '2026-01-31T11:00:02+01:00'],
      [3, 4],
    ],
  ])('%j leaves out other lines, and those that tell no time', async (flags, lines) => {
    const { code, out } = await logscan(['scan', file, '--patterns', word, '--ndjson', ...flags])
    expect([code, texts(out)]).toEqual([0, lines])
    const counted = await logscan(['scan', file, '--patterns', word, '--count', ...flags])
    expect(counted.out).toBe(`line-1\t${lines.length}\n`)
  })

  it('has so many lines before and behind as --context says', async () => {
    for (const context of [1, 2, 100]) {
      const args = ['scan', file, '--patterns', word, '--ndjson', '--context', `${context}`]
      for (const { text, before, after } of recordsOf((await logscan(args)).out)) {
        const at = log.indexOf(text)
        expect(before).toEqual(log.slice(Math.max(0, at - context), at))
        expect(after).toEqual(log.slice(at + 1, at + 1 + context))
      }
    }
  })

  it.each([
    ['fatal', 1],
    ['FATAL', 1],
    ['error', 1],
    ['trace', 1],
  ])('with --fail-on %s exits %i', async (level, code) => {
    expect((await logscan(['scan', file, '--patterns', word, '--fail-on', level])).code).toBe(code)
  })

  it('exits 0 below the level, and 2 before 1 where something could not be read', async () => {
    const only = ['scan', file, '--patterns', word, '--until', '2026-01-31T10:00:02Z', '--count']
    expect((await logscan([...only, '--fail-on', 'fatal'])).code).toBe(0)
    expect((await logscan([...only, '--fail-on', 'error'])).code).toBe(1)
    expect((await logscan([...only, '--fail-on', 'error', 'missing'])).code).toBe(2)
  })

  it('tells on the standard error how it was found', async () => {
    const rare = await folder.write('rare.log', `${'2026-01-31 10:00:00 INFO all is well\n'.repeat(5000)}ERROR\n`)
    const scan = (...args: string[]) => logscan(['scan', ...args, '--explain', '--count', '--jobs', '2'])
    const { code, out, err } = await scan(rare, '--patterns', word)
    expect([code, out]).toEqual([0, 'line-1\t1\n'])
    expect(err).toMatch(/^1 pattern, 2 threads, chunks of \d+ bytes\n/)
    expect(err).toContain(': the automaton reads the lines with this text, at ')
    expect(err).toMatch(/\n {2}1: (?:ERRO|RROR)\n/)
    expect(err).toMatch(/rare\.log: 185006 bytes, \d\.\d\d % of them read by the automaton\n$/)
    const anything = await folder.write('anything.txt', 'ERROR\nx*\n')
    expect((await scan(rare, '--patterns', anything)).err).toContain(
      'the automaton reads every line\n  line-2: no text must stand in every line that it matches\n',
    )
  })

  it('holds no control character of a line or a name that would command a terminal', async () => {
    const hostile = await folder.write('hostile \u001b[31m.log', 'ERROR \u001b[2J\u0007 and \u009b31m then\r more\n')
    const { out } = await logscan(['scan', hostile, '--patterns', word])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(out.trimEnd()).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/)
    const { err } = await logscan(['scan', `${hostile}\nx\u001b[31m`, '--patterns', word])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(err.trimEnd()).not.toMatch(/[\u0000-\u001f]/)
  })
})

describe('what cannot be read', () => {
  let good: string
  let word: string
  beforeAll(async () => {
    good = await folder.write('good.log', 'ERROR one\n')
    word = await folder.write('word.txt', 'ERROR\n')
    await mkdir(folder.file('empty'))
    await mkdir(folder.file('globbed/folder.log'), { recursive: true })
    await symlink('nowhere', folder.file('dangling'))
    await symlink('nowhere', folder.file('globbed/dangling.log'))
  })

  it.each([
    ['missing', 'no such file or directory'],
    ['', 'no such file or directory'],
    ['dangling', 'no such file or directory'],
    ['empty', 'there is no file in this folder'],
    ['*.nothing', 'no file matches this pattern'],
    ['globbed/*.log', 'no file matches this pattern'],
    ['good.log/below', 'not a directory'],
    ['/proc/self/mem', 'i/o error'],
  ])('%j gives one line, the rest is read, and the exit is 2', async (name, message) => {
    const end = await logscan(['scan', name, 'good.log', '--patterns', word, '--count'], { cwd: folder.path })
    expect(end).toMatchObject({ code: 2, out: 'line-1\t1\n', err: `${name}: ${message}\n` })
  })

  it('below a folder gives a line of its own', async () => {
    const end = await logscan(['scan', 'globbed', 'good.log', '--patterns', word, '--count'], { cwd: folder.path })
    expect(end).toMatchObject({ code: 2, out: 'line-1\t1\n' })
    expect(end.err).toContain('globbed/dangling.log: no such file or directory\n')
  })

  it('leaves the good ones of some patterns', async () => {
    const mixed = await folder.write('mixed.txt', 'ERROR\n(x\none\n(?=y)\n')
    const { code, out, err } = await logscan(['scan', good, '--patterns', mixed, '--count'])
    expect([code, out]).toEqual([2, 'line-1\t1\nline-3\t1\n'])
    const lines = err.trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toBe(`${mixed}: line-2: this group is not closed, at position 0`)
    expect(lines[1]).toMatch(/mixed\.txt: line-4: .*look.*, at position 0$/)
    const none = await folder.write('none.txt', '(x\n')
    expect(await logscan(['scan', good, '--patterns', none, '--count'])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/^.*: this group is not closed.*\n.*: no pattern in it can be used\n$/),
    })
  })

  it('is told once for a large file, however many ranges it has', async () => {
    const patternPipe = folder.file('patterns.fifo')
    execFileSync('mkfifo', [patternPipe])
    await writeLogFile(folder.file('gone.log'), { ...logProfiles.quiet, bytes: 30e6 })
    // Inputs are found once the patterns were read; threads open them when the sample was taken.
    const { code, out, err } = await shell(
      `logscan scan gone.log good.log --patterns <(echo ERROR) --count --jobs 2 & pid=$!
       while [ ! -e /proc/$pid/task ]; do :; done
       until [ $(ls /proc/$pid/fd 2>/dev/null | wc -l) = 0 ] || ls -l /proc/$pid/fd 2>/dev/null | grep -q gone.log; do :; done
       rm gone.log; wait $pid`,
      { cwd: folder.path },
    )
    expect(out).toBe('line-1\t1\n')
    if (err === '') expect(code).toBe(0)
    else expect([code, err]).toEqual([2, 'gone.log: no such file or directory\n'])
  })
})

describe('which files are read', () => {
  it('each once, whatever it is called by, in the order they were named; folders sorted, to the bottom', async () => {
    const root = 'tree'
    for (const name of ['b', 'a/z', 'a/.hidden']) await mkdir(folder.file(`${root}/${name}`), { recursive: true })
    const names = ['b/2.log', 'a/z/1.log', 'a/.hidden/0.log', 'a/é\n[1].log', 'c.log', '[x]*?.log']
    for (const name of names) await folder.write(`${root}/${name}`, `ERROR ${JSON.stringify(name)}\n`)
    await symlink('c.log', folder.file(`${root}/link.log`))
    await symlink('..', folder.file(`${root}/a/round`))
    const word = await folder.write('word.txt', 'ERROR\n')
    const scan = async (...files: string[]) => {
      const end = await logscan(['scan', ...files, '--patterns', word, '--ndjson'], { cwd: folder.path })
      expect([end.code, end.err]).toEqual([0, ''])
      return recordsOf(end.out).map(({ file }) => file)
    }
    const sorted = names.map((name) => `${root}/${name}`).sort()
    expect(await scan(root)).toEqual(sorted)
    expect(await scan(`${root}/`)).toEqual(sorted)
    expect(await scan('tree/c.log', './tree/c.log', folder.file('tree/c.log'), 'tree/link.log', 'tree')).toEqual([
      'tree/c.log',
      ...sorted.filter((name) => name !== 'tree/c.log'),
    ])
    expect(await scan('tree/{b,a/*}/[0-9].log')).toEqual(['tree/a/z/1.log', 'tree/b/2.log'])
    expect(await scan('tree/[x]*?.log')).toEqual(['tree/[x]*?.log'])
    expect(await scan('tree/a/é\n[1].log')).toEqual(['tree/a/é\n[1].log'])
  })

  it('2,000 small ones, some of them empty', async () => {
    await mkdir(folder.file('many'))
    for (let index = 0; index < 2000; index++)
      await folder.write(`many/${index}.log`, index % 10 === 0 ? '' : `fine\nERROR ${index}`)
    const word = await folder.write('word.txt', 'ERROR\n')
    const args = ['scan', 'many', '--patterns', word]
    expect(await logscan([...args, '--count'], { cwd: folder.path })).toMatchObject({
      code: 0,
      out: 'line-1\t1800\n',
      err: '',
    })
    const { out } = await logscan([...args, '--ndjson', '--jobs', '3'], { cwd: folder.path })
    const records = recordsOf(out)
    expect(records).toHaveLength(1800)
    for (const { file, line, offset, text } of records)
      expect({ file, line, offset, text }).toEqual({
        file: `many/${text.slice('ERROR '.length)}.log`,
        line: 2,
        offset: 5,
        text,
      })
    expect(records.map(({ file }) => file)).toEqual(records.map(({ file }) => file).sort())
  })
})

describe('traces', () => {
  /** Events by their kind: the lines of one with that number. */
  const events: Record<string, (id: number, time: string) => string[]> = {
    java: (id, time) => [
      `${time} ERROR [main] c.a.Orders - order ${id} failed`,
      'java.lang.IllegalStateException: no stock',
      ...Array<string>(30).fill('\tat com.acme.Service.call(Service.java:40)'),
      'Caused by: java.io.IOException: broken pipe',
      '\tat com.acme.Wire.send(Wire.java:12)',
      '\t... 7 more',
    ],
    python: (id, time) => [
      `${time} ERROR job ${id} raised`,
      'Traceback (most recent call last):',
      '  File "/srv/app/jobs.py", line 12, in run',
      '    self.work()',
      '  File "/srv/app/work.py", line 7, in work',
      '    raise ValueError(text)',
      `ValueError: bad input ${id}`,
    ],
    node: (id, time) => [
      `${time} ERROR request ${id} died`,
      'TypeError: Cannot read properties of undefined',
      '    at handle (/srv/app/server.js:10:5)',
      '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
    ],
    go: (id) => [
      'panic: runtime error: index out of range',
      '',
      'goroutine 1 [running]:',
      `main.work(0xc${(id + 0x1000).toString(16)})`,
      '\t/srv/app/main.go:12 +0x1d',
      'main.main()',
      '\t/srv/app/main.go:7 +0x25',
    ],
    calm: (id, time) => [`${time} INFO request ${id} done`],
  }
  const kinds = Object.keys(events)

  it('are one event, of one time and group, for any number of jobs, chunks and ranges', {
    timeout: timeoutMs,
  }, async () => {
    let text = ''
    const lines: { kind: string; isFirst: boolean }[] = []
    for (let id = 0; text.length < 9e6; id++) {
      const kind = kinds[(id * 7 + (id >> 3)) % kinds.length]!
      const time = `2026-01-31 ${new Date(id * 1000).toISOString().slice(11, 19)}`
      for (const [index, line] of events[kind]!(id, time).entries()) {
        if (line !== '') lines.push({ kind, isFirst: index === 0 })
        text += `${line}\n`
      }
    }
    const file = await folder.write('traces.log', text)
    const any = await folder.write('any.txt', '.\n')
    const scan = (way: readonly string[]) => logscan(['scan', file, '--ndjson', '--patterns', any, ...way])
    const { out, code, err } = await scan(ways[0]!)
    expect([code, err]).toEqual([0, ''])
    for (const way of [ways[2]!, ways[4]!, ways[6]!]) expect((await scan(way)).out === out, way.join(' ')).toBe(true)
    const records = recordsOf(out)
    expect(records).toHaveLength(lines.length)
    const groups = new Map<string, string>()
    let first = records[0]!
    const wrong = records.filter((record, index) => {
      const { kind, isFirst } = lines[index]!
      if (isFirst) first = record
      if (!groups.has(kind)) groups.set(kind, record.group)
      const level = kind === 'calm' ? 'info' : 'error'
      return record.time !== first.time || record.group !== groups.get(kind) || record.level !== level
    })
    expect(wrong.slice(0, 3)).toEqual([])
    expect(new Set(groups.values()).size).toBe(kinds.length)
  })
})
