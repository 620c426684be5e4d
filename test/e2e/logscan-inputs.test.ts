import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { constants, gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { benchPatternFile, countByRegExp, generateLog, logProfiles } from '../support/generated-logs.ts'
import { createLogFolder, type LogFolder, logscan, recordsOf, shell } from '../support/logscan-command.ts'

let folder: LogFolder
let word: string
let any: string
/** 1.5 MB of a log, and its lines. */
let log: Buffer
let lines: string[]

beforeAll(async () => {
  folder = await createLogFolder()
  word = await folder.write('word.txt', 'ERROR\n')
  any = await folder.write('any.txt', '.\n')
  log = Buffer.concat(
    [...generateLog({ ...logProfiles.typical, bytes: 1.5e6, seed: 5 })].map((batch) => Buffer.from(batch)),
  )
  lines = log.toString().trimEnd().split('\n')
})
afterAll(() => folder[Symbol.asyncDispose]())

const scanRecords = async (file: string, patterns: string, ...flags: string[]) => {
  const { code, out, err } = await logscan(['scan', file, '--ndjson', '--patterns', patterns, ...flags])
  return { code, err, records: recordsOf(out) }
}
const hasZstd = spawnSync('zstd', ['--version']).error === undefined

describe('lines', () => {
  it.each([
    ['CRLF', 'one\r\nERROR two\r\n\r\nERROR three\r', [5, 18], [9, 11]],
    ['no newline at the end', 'one\nERROR two', [4], [9]],
    ['NUL bytes', 'a\0\0b\nx\0ERROR\0\n', [5], [8]],
    ['a byte order mark', '\ufeffERROR é\nERROR', [3, 12], [8, 5]],
    ['only a newline', '\n', [], []],
    ['nothing', '', [], []],
    ['only a byte order mark', '\ufeff', [], []],
  ])('with %s', async (_, text, offsets, lengths) => {
    const bytes = Buffer.from(text)
    const { code, err, records } = await scanRecords(await folder.write('lines.log', bytes), word)
    expect([code, err]).toEqual([0, ''])
    expect(records.map(({ offset }) => offset)).toEqual(offsets)
    expect(records.map(({ length }) => length)).toEqual(lengths)
    for (const { offset, length, text } of records)
      expect(bytes.subarray(offset, offset + length).toString()).toBe(text)
  })

  it('with bytes that are no UTF-8 are found, and shown as far as they can be', async () => {
    const bytes = Buffer.from('fine\n\xff\xfe ERROR \xc3(\nERROR \xe2\x82', 'latin1')
    const { code, records } = await scanRecords(await folder.write('bad.log', bytes), word)
    expect(code).toBe(0)
    expect(records.map(({ line, offset, length, text }) => ({ line, offset, length, text }))).toEqual([
      { line: 2, offset: 5, length: 11, text: '\ufffd\ufffd ERROR \ufffd(' },
      { line: 3, offset: 17, length: 8, text: 'ERROR \ufffd' },
    ])
  })

  it.each([
    ['UTF-16 LE', false],
    ['UTF-16 BE', true],
  ])('in %s have their place in the original', async (_, isBig) => {
    const parts = ['erste Zeile\r\n', 'ERROR 😀 größer 汉字\r\n', '\n', 'Ċ਀ ERROR\n', 'x'.repeat(70_000), '\nERROR\r']
    const text = `\ufeff${parts.join('').repeat(3)}`
    const little = Buffer.from(text, 'utf16le')
    const bytes = isBig ? Buffer.from(little).swap16() : little
    const plain = await folder.write('wide.log', bytes)
    const packed = await folder.write('wide.log.gz', gzipSync(bytes))
    const { code, err, records } = await scanRecords(plain, word)
    expect([code, err]).toEqual([0, ''])
    const expected = text
      .slice(1)
      .split('\n')
      .map((line, index) => ({ line: index + 1, text: line.replace(/\r$/, '') }))
      .filter((line) => line.text.includes('ERROR'))
    expect(records.map(({ line, text }) => ({ line, text }))).toEqual(expected)
    for (const { offset, length, text } of records) {
      const original = Buffer.from(bytes.subarray(offset, offset + length))
      expect((isBig ? original.swap16() : original).toString('utf16le')).toBe(text)
    }
    const inside = (await scanRecords(packed, word)).records
    expect(inside).toEqual(records.map((record) => ({ ...record, file: packed })))
  })
})

describe('compressed files', () => {
  const counts = () =>
    countByRegExp(log.toString())
      .map((count, index) => `line-${index + 1}\t${count}\n`)
      .join('')

  it('of several gzip members, whatever they are called, are read as what is in them', async () => {
    const patterns = await folder.write('bench.txt', benchPatternFile)
    const plain = await scanRecords(await folder.write('plain.log', log), patterns)
    const members = [0, 1, 700_000, 700_007, log.length].map((from, index, all) =>
      gzipSync(log.subarray(from, all[index + 1] ?? log.length)),
    )
    for (const name of ['members.gz', 'members.log']) {
      const file = await folder.write(name, Buffer.concat(members))
      expect(await logscan(['scan', file, '--count', '--patterns', patterns])).toMatchObject({ code: 0, out: counts() })
      const { records } = await scanRecords(file, patterns, '--jobs', '4', '--chunk-bytes', '65536')
      expect(records).toEqual(plain.records.map((record) => ({ ...record, file })))
    }
  })

  it('that end too early keep what gzip itself can tell of them, and one line says so', async () => {
    const packed = gzipSync(log)
    const cuts = [11, 50, 4096, 65_536, 100_001, packed.length - 9, packed.length - 8, packed.length - 1]
    for (const cut of cuts) {
      const file = await folder.write('cut.gz', packed.subarray(0, cut))
      const whole = spawnSync('gzip', ['-dc', file], { maxBuffer: 1e8 }).stdout
      const { code, err, records } = await scanRecords(file, any)
      expect({ cut, code, err }).toEqual({
        ...{ cut, code: 2 },
        err: `${file}: the compressed data is damaged (unexpected end of file); what comes before was read\n`,
      })
      const kept = whole
        .toString()
        .split('\n')
        .filter((line) => line !== '')
      expect(records.length, `cut at ${cut}`).toBeGreaterThanOrEqual(kept.length)
      expect(records.slice(0, -1).map(({ text }) => text)).toEqual(lines.slice(0, Math.max(0, records.length - 1)))
    }
  })

  it('that are damaged in the middle keep what comes before', async () => {
    const packed = gzipSync(log)
    for (const at of [20_000, packed.length >> 1, packed.length - 6]) {
      const damaged = Buffer.from(packed)
      damaged.fill(0xff, at, Math.min(at + 40, packed.length))
      const file = await folder.write('damaged.gz', damaged)
      const whole = spawnSync('gzip', ['-dc', file], { maxBuffer: 1e8 }).stdout
      const { code, err, records } = await scanRecords(file, any)
      expect(code).toBe(2)
      expect(err).toMatch(
        /^[^\n]+damaged\.gz: the compressed data is damaged \([^)\n]+\); what comes before was read\n$/,
      )
      // Node's gunzip loses what it was just unpacking.
      const kept = whole.subarray(0, Math.max(0, whole.length - 65_536))
      expect(records.length).toBeGreaterThanOrEqual(kept.toString().split('\n').length - 1)
      // The damage is noticed some time after it; until then, nobody can tell.
      const before = gunzipSync(packed.subarray(0, at), { finishFlush: constants.Z_SYNC_FLUSH }).toString().split('\n')
      const sure = Math.min(records.length, before.length) - 1
      expect(records.slice(0, sure).map(({ text }) => text)).toEqual(lines.slice(0, sure))
    }
  })

  it.skipIf(!hasZstd)(
    'of several zstd frames are read, and one that ends too early keeps what comes before',
    async () => {
      const pack = (bytes: Uint8Array, ...flags: string[]) =>
        execFileSync('zstd', ['-q', '-c', ...flags], { input: bytes, maxBuffer: 1e8 })
      const frames = [pack(log.subarray(0, 700_000)), pack(Buffer.alloc(0)), pack(log.subarray(700_000), '-19')]
      const file = await folder.write('frames.zst', Buffer.concat(frames))
      const { code, err, records } = await scanRecords(file, any)
      expect([code, err]).toEqual([0, ''])
      expect(records.map(({ text }) => text)).toEqual(lines)
      const whole = pack(log)
      for (const cut of [5, 9, whole.length >> 1, whole.length - 5, whole.length - 1]) {
        const end = await scanRecords(await folder.write('cut.zst', whole.subarray(0, cut)), any)
        expect([cut, end.code]).toEqual([cut, 2])
        expect(end.err).toMatch(
          /^[^\n]+cut\.zst: the compressed data is damaged \([^\n]+\); what comes before was read\n$/,
        )
        const kept = spawnSync('zstd', ['-dcq', folder.file('cut.zst')], { maxBuffer: 1e8 }).stdout
        expect(end.records.length).toBeGreaterThanOrEqual(kept.toString().split('\n').length - 1)
        expect(end.records.slice(0, -1).map(({ text }) => text)).toEqual(
          lines.slice(0, Math.max(0, end.records.length - 1)),
        )
      }
      const bad = Buffer.from(whole)
      bad.fill(0xff, bad.length >> 1, (bad.length >> 1) + 60)
      const end = await scanRecords(await folder.write('bad.zst', bad), any)
      expect(end.code).toBe(2)
      expect(end.err).toMatch(/^[^\n]+bad\.zst: the compressed data is damaged [^\n]+\n$/)
    },
  )
})

describe('the standard input and pipes', () => {
  const count = (...files: string[]) => ['scan', ...files, '--count', '--patterns', word]

  it('are read like files: plain, compressed, and empty', async () => {
    const errors = lines.filter((line) => line.includes('ERROR')).length
    const out = `line-1\t${errors}\n`
    expect(await logscan(count('-'), { input: log })).toMatchObject({ code: 0, out, err: '' })
    expect(await logscan(count('-'), { input: gzipSync(log) })).toMatchObject({ code: 0, out, err: '' })
    expect(await logscan(count('-', '-'), { input: new Uint8Array() })).toMatchObject({ code: 0, out: 'line-1\t0\n' })
    expect(await logscan(count('/dev/null'))).toMatchObject({ code: 0, out: 'line-1\t0\n', err: '' })
    const { records } = await scanRecords(await folder.write('plain.log', log), word)
    const piped = recordsOf((await logscan(['scan', '-', '--ndjson', '--patterns', word], { input: log })).out)
    expect(piped).toEqual(records.map((record) => ({ ...record, file: '-' })))
  })

  it('are told of while more is awaited', async () => {
    // The writer waits until the first record was read.
    const { code, out } = await shell(
      `(echo ERROR first; echo INFO all is fine; until [ -e seen ]; do sleep 0.02; done; echo ERROR last) |
         logscan scan - --ndjson --patterns word.txt | (read -r line; touch seen; echo "$line"; cat)`,
      { cwd: folder.path },
    )
    expect([code, recordsOf(out).map(({ text }) => text)]).toEqual([0, ['ERROR first', 'ERROR last']])
  })

  it('are read from where they are named, among files', async () => {
    await folder.write('plain.log', 'ERROR in a file\n')
    const { code, out, err } = await shell(
      `mkfifo fifo.log; (echo ERROR in a fifo; sleep 0.2; printf 'ERROR again') > fifo.log &
       echo ERROR on the input | logscan scan plain.log - fifo.log <(echo ERROR) --ndjson --patterns word.txt`,
      { cwd: folder.path },
    )
    expect([code, err]).toEqual([0, ''])
    expect(recordsOf(out).map(({ file, line, text }) => [file.slice(0, 8), line, text])).toEqual([
      ['plain.lo', 1, 'ERROR in a file'],
      ['-', 1, 'ERROR on the input'],
      ['fifo.log', 1, 'ERROR in a fifo'],
      ['fifo.log', 2, 'ERROR again'],
      ['/dev/fd/', 1, 'ERROR'],
    ])
  })

  it.each([1, 2])(
    'without an end are left when the reader has seen enough, without a word (--jobs %i)',
    async (jobs) => {
      const { code, out, err } = await shell(
        `yes 'ERROR without end' | logscan scan - --ndjson --jobs ${jobs} --patterns word.txt | head -n 3
       echo "\${PIPESTATUS[@]}"`,
        { cwd: folder.path },
      )
      expect([code, err]).toEqual([0, ''])
      const [first, , third, statuses] = out.split('\n')
      expect([JSON.parse(first!).line, JSON.parse(third!).line, statuses]).toEqual([1, 3, '141 0 0'])
    },
  )

  it('that are closed early end the command, without a word', async () => {
    await folder.write('large.log', 'ERROR and more of it\n'.repeat(200_000))
    for (const flags of ['--ndjson', '--count', '']) {
      const { err } = await shell(`logscan scan large.log --patterns word.txt ${flags} | true`, { cwd: folder.path })
      expect(err).toBe('')
    }
  })

  it('that are read slowly are waited for, without holding what is written', async () => {
    await folder.write('large.log', 'ERROR and more of it\n'.repeat(200_000))
    const { out, err } = await shell(
      `logscan scan large.log --ndjson --patterns word.txt > >(sleep 3; sha256sum; echo done) &
       sleep 2.5; grep -h VmHWM /proc/$!/status; grep -h State: /proc/$!/status; wait; sleep 2`,
      { cwd: folder.path },
    )
    expect(err).toBe('')
    expect(out).toContain('State:\tS')
    expect(Number(/VmHWM:\s+(\d+) kB/.exec(out)?.[1])).toBeLessThan(200_000)
    const whole = await logscan(['scan', 'large.log', '--ndjson', '--patterns', word], { cwd: folder.path })
    expect(out).toContain(createHash('sha256').update(whole.out).digest('hex'))
  })
})
